package io.openwit.server;

import io.openwit.model.Clocks;
import io.openwit.telemetry.Telemetry;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/// What every part of a node is made with.
///
/// @param virtualThreads a thread for each task, without a bound
/// @param random thread-safe and unpredictable
/// @param fatal ends the process with exit code 3, saying why; does not return
record Wiring(
        Config config,
        DataDirectory directory,
        Clocks clocks,
        Telemetry telemetry,
        Executor virtualThreads,
        SecureRandom random,
        Loops loops,
        Doors doors,
        Consumer<String> fatal) {
    <T> T get(ConfigKey<T> key) {
        return config.get(key);
    }

    Role role() {
        return config.get(ConfigKeys.DEPLOYMENT_ROLE);
    }

    /// How long one stage of the stop may take.
    Duration stopTimeout() {
        return Duration.ofMillis(config.get(ConfigKeys.SHUTDOWN_MS));
    }
}
