/// Has this fingerprint been seen in the window?
@NullMarked
package io.openwit.ingest.dedup;

import org.jspecify.annotations.NullMarked;
