/// Follows the log into the long-term WAL: Arrow streams per UTC day, tenant and signal.
@NullMarked
package io.openwit.ingest.archive;

import org.jspecify.annotations.NullMarked;
