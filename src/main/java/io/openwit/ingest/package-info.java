/// The ingest node: admits batches, judges duplicates, appends, answers.
@NullMarked
package io.openwit.ingest;

import org.jspecify.annotations.NullMarked;
