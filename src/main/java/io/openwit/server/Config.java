package io.openwit.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The values of all keys, and where each came from. Immutable; made by [ConfigReader].
final class Config {
    static final String DEFAULT = "default";

    private final Map<String, Setting<?>> written;

    /// One value.
    ///
    /// @param name of the key; for a key with a wildcard, the name that was written
    /// @param origin `FILE:LINE`, `--set`, `--role` or [#DEFAULT]
    record Setting<T>(String name, ConfigKey<T> key, T value, String origin) {
        /// The value as text; a secret as asterisks.
        String shown() {
            return key.type().show(value);
        }
    }

    /// @param written by name
    Config(Map<String, Setting<?>> written) {
        this.written = Map.copyOf(written);
    }

    /// Of a key without a wildcard.
    <T> T get(ConfigKey<T> key) {
        return setting(key).value();
    }

    /// Of a key with a wildcard: what stands for the wildcard, and its value.
    @SuppressWarnings("unchecked") // ConfigReader reads each value with the key that it is filed under.
    <T> Map<String, T> all(ConfigKey<T> key) {
        Map<String, T> values = new TreeMap<>();
        written.values().stream()
                .filter(setting -> setting.key() == key)
                .forEach(setting -> values.put(key.wildcardOf(setting.name()), (T) setting.value()));
        return values;
    }

    /// What a message about this key begins with: where its value stands, if it stands somewhere.
    String where(ConfigKey<?> key) {
        String origin = setting(key).origin();
        return origin.equals(DEFAULT) ? "" : origin + ": ";
    }

    @SuppressWarnings("unchecked") // ConfigReader reads each value with the key that it is filed under.
    private <T> Setting<T> setting(ConfigKey<T> key) {
        if (key.isPattern()) {
            throw new IllegalArgumentException("stands for several keys: " + key.name());
        }
        return Optional.ofNullable((Setting<T>) written.get(key.name()))
                .orElseGet(() -> new Setting<>(key.name(), key, key.defaultValue(), DEFAULT));
    }

    /// All values in the order of [ConfigKeys#all], defaults included.
    List<Setting<?>> settings() {
        List<Setting<?>> settings = new ArrayList<>();
        for (ConfigKey<?> key : ConfigKeys.all()) {
            if (key.isPattern()) {
                written.values().stream()
                        .filter(setting -> setting.key() == key)
                        .sorted(Comparator.comparing(Setting::name))
                        .forEach(settings::add);
            } else {
                settings.add(setting(key));
            }
        }
        return settings;
    }

    /// What was changed and has no effect yet: one line each.
    List<String> warnings() {
        return settings().stream()
                .filter(setting -> !setting.key().effective()
                        && !setting.value().equals(setting.key().defaultValue()))
                .map(setting -> setting.origin() + ": " + setting.name() + " has no effect yet: its part is not built")
                .toList();
    }
}
