package io.openwit.telemetry;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/// What an operator has to know now: shown in `/health/ready`, in the gauge `openwit_alarm`, and logged once when it
/// begins and once when it ends. Thread-safe.
public final class Alarms {
    private static final Logger LOG = Logger.getLogger(Alarms.class.getName());

    private final Map<String, String> standing = new ConcurrentHashMap<>();
    private final Metrics metrics;

    Alarms(Metrics metrics) {
        this.metrics = metrics;
    }

    /// Raises the alarm, or renews its detail.
    ///
    /// @param name a fixed word with dashes, such as `postgres-unreachable`: a label's value
    /// @param detail one line: what, where and what to do
    public void raise(String name, String detail) {
        if (standing.put(name, detail) == null) {
            metrics.alarms.labelValues(name).set(1);
            LOG.log(Level.WARNING, "alarm raised: {0}: {1}", new Object[] {name, detail});
        }
    }

    public void clear(String name) {
        if (standing.remove(name) != null) {
            metrics.alarms.labelValues(name).set(0);
            LOG.log(Level.INFO, "alarm over: {0}", name);
        }
    }

    /// Name to detail of what stands now.
    public Map<String, String> standing() {
        return new TreeMap<>(standing);
    }
}
