package io.openwit.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.server.Config.Setting;
import io.openwit.server.YamlValue.Empty;
import io.openwit.server.YamlValue.Field;
import io.openwit.server.YamlValue.Fields;
import io.openwit.server.YamlValue.Items;
import io.openwit.server.YamlValue.Text;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes a [Config] of a file and of what the command line says. It finds all mistakes, not only the first.
final class ConfigReader {
    private static final long MAX_FILE_BYTES = 4L << 20;
    private static final Pattern SET = Pattern.compile("([^=\\s]+)=(.*)", Pattern.DOTALL);

    private final Function<String, @Nullable String> environment;
    private final Map<String, Setting<?>> settings = new HashMap<>();
    private final List<String> mistakes = new ArrayList<>();

    private ConfigReader(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    /// Reads the file first, then `sets`, then the role: what comes later wins.
    ///
    /// @param sets each `KEY=VALUE`
    /// @param role as `--role` names it
    /// @param environment the value of a variable, null where there is none
    /// @throws ConfigException something is wrong with a key by itself, or with two together
    static Config read(
            Optional<Path> file,
            List<String> sets,
            Optional<String> role,
            Function<String, @Nullable String> environment)
            throws ConfigException {
        ConfigReader reader = new ConfigReader(environment);
        file.ifPresent(reader::file);
        sets.forEach(reader::set);
        role.ifPresent(name ->
                reader.overwrite(ConfigKeys.DEPLOYMENT_ROLE.name(), new Text(name, 0), "--role"));
        reader.failIfMistaken();
        Config config = new Config(reader.settings);
        reader.mistakes.addAll(ConfigRules.mistakes(config));
        reader.failIfMistaken();
        return config;
    }

    private void failIfMistaken() throws ConfigException {
        if (!mistakes.isEmpty()) {
            throw new ConfigException(mistakes);
        }
    }

    private void file(Path file) {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                mistakes.add(file + ": larger than " + MAX_FILE_BYTES + " bytes, so this is no configuration");
                return;
            }
            YamlValue document = YamlReader.read(Files.readString(file, UTF_8), environment);
            switch (document) {
                case Empty _ -> {}
                case Fields fields -> section("", fields, line -> file + ":" + line);
                case Text _, Items _ ->
                    mistakes.add(file + ":" + document.line()
                            + ": a configuration consists of `key: value`, and not of "
                            + document.kind());
            }
        } catch (YamlException e) {
            mistakes.add(file + (e.line() > 0 ? ":" + e.line() : "") + ": " + e.getMessage());
        } catch (NoSuchFileException e) {
            mistakes.add(file + ": there is no such file");
        } catch (CharacterCodingException e) {
            mistakes.add(file + ": not UTF-8");
        } catch (IOException e) {
            mistakes.add(file + ": cannot be read: " + e.getMessage());
        }
    }

    private void set(String assignment) {
        Matcher set = SET.matcher(assignment);
        if (!set.matches()) {
            mistakes.add("--set " + assignment + ": is to be KEY=VALUE");
            return;
        }
        String name = set.group(1);
        Optional<ConfigKey<?>> key = find(name);
        if (key.isEmpty()) {
            unknown(name, new Text(set.group(2), 0), "--set");
            return;
        }
        try {
            overwrite(name, value(key.get(), set.group(2)), "--set");
        } catch (YamlException e) {
            mistakes.add("--set " + name + ": " + e.getMessage());
        }
    }

    /// A value for a list or a table is YAML, or names with commas; any other is taken as it stands.
    private static YamlValue value(ConfigKey<?> key, String text) throws YamlException {
        if (!(key.defaultValue() instanceof List<?>)) {
            return new Text(text, 0);
        }
        if (text.strip().startsWith("[")) {
            return YamlReader.read(text, _ -> null);
        }
        List<YamlValue> items = new ArrayList<>();
        for (String item : text.split(",")) {
            if (!item.isBlank()) {
                items.add(new Text(item.strip(), 0));
            }
        }
        return new Items(items, 0);
    }

    private void overwrite(String name, YamlValue value, String origin) {
        find(name).ifPresent(key -> {
            settings.remove(name);
            read(name, key, value, origin);
        });
    }

    private void section(String path, Fields fields, IntFunction<String> origin) {
        fields.values().forEach((name, field) -> {
            String full = path.isEmpty() ? name : path + "." + name;
            Optional<ConfigKey<?>> key = find(full);
            if (key.isPresent() && !(key.get().isPattern() && field.value() instanceof Fields)) {
                read(full, key.get(), field.value(), origin.apply(field.line()));
            } else if (key.isPresent() || ConfigKeys.all().stream().anyMatch(known -> known.liesBelow(full))) {
                subsection(full, field, origin);
            } else {
                unknown(full, field.value(), origin.apply(field.line()));
            }
        });
    }

    private void subsection(String path, Field field, IntFunction<String> origin) {
        switch (field.value()) {
            case Empty _ -> {}
            case Fields fields -> section(path, fields, origin);
            case Text _, Items _ ->
                mistakes.add(origin.apply(field.line()) + ": " + path + " is a section with keys below it, and not "
                        + field.value().kind());
        }
    }

    private <T> void read(String name, ConfigKey<T> key, YamlValue value, String origin) {
        Setting<?> before = settings.get(name);
        if (before != null) {
            mistakes.add(origin + ": " + name + " stands twice, first at " + before.origin());
            return;
        }
        try {
            settings.put(name, new Setting<>(name, key, key.type().read(value), origin));
        } catch (IllegalArgumentException e) {
            mistakes.add(origin + ": " + name + " " + e.getMessage());
        }
    }

    private void unknown(String name, YamlValue value, String origin) {
        TreeSet<String> candidates = new TreeSet<>();
        for (ConfigKey<?> key : ConfigKeys.all()) {
            if (value instanceof Fields) {
                for (int dot = key.name().indexOf('.'); dot > 0; dot = key.name().indexOf('.', dot + 1)) {
                    candidates.add(key.name().substring(0, dot));
                }
            } else {
                candidates.add(key.name());
            }
        }
        String nearest = NearestName.of(name, candidates).orElseThrow();
        mistakes.add(origin + ": unknown key " + name + "; the nearest known one is " + nearest);
    }

    private static Optional<ConfigKey<?>> find(String name) {
        Optional<ConfigKey<?>> exact =
                ConfigKeys.all().stream().filter(key -> key.name().equals(name)).findFirst();
        return exact.isPresent()
                ? exact
                : ConfigKeys.all().stream().filter(key -> key.matches(name)).findFirst();
    }
}
