/// Follows the log into Postgres: batch ids, positions and states. Never on the way of an acknowledgement.
@NullMarked
package io.openwit.ingest.metastore;

import org.jspecify.annotations.NullMarked;
