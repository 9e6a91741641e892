/// The short-term WAL: an append-only log of batches in segment files, with followers. Reads a batch's header, never its rows.
@NullMarked
package io.openwit.ingest.wal;

import org.jspecify.annotations.NullMarked;
