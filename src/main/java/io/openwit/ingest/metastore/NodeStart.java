package io.openwit.ingest.metastore;

import io.openwit.model.NodeId;

/// One start of an ingest node.
///
/// @param epoch counts the starts of the node, from 1
/// @param incarnation random, drawn at this start
/// @param freshLog the log's directory was empty: its positions count from 0 again
public record NodeStart(NodeId node, long epoch, int incarnation, boolean freshLog) {}
