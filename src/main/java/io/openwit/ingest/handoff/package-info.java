/// Follows the log and sends each batch to storage over Arrow Flight until storage has it.
@NullMarked
package io.openwit.ingest.handoff;

import org.jspecify.annotations.NullMarked;
