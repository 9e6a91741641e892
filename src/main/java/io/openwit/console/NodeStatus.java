package io.openwit.console;

import java.util.Map;

/// What `/health/ready` says of the node, besides its alarms.
///
/// @param ready whether it takes traffic
/// @param role what the process is: `standalone`
/// @param doors what it listens on: name to HOST:PORT, in the order of the `ready` line
/// @param syncOnWrite whether rows are forced to the disk before they are acknowledged here
public record NodeStatus(boolean ready, String node, String role, Map<String, String> doors, boolean syncOnWrite) {}
