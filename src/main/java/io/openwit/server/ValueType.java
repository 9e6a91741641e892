package io.openwit.server;

import io.openwit.model.NodeId;
import io.openwit.server.YamlValue.Empty;
import io.openwit.server.YamlValue.Fields;
import io.openwit.server.YamlValue.Items;
import io.openwit.server.YamlValue.Text;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// How the value of a key is written.
///
/// @param form what a message and the manual call it: `true or false`
/// @param reader reads it
/// @param writer writes it, as `config show` does
/// @param secret it is never shown
record ValueType<T>(String form, Reader<T> reader, Function<T, String> writer, boolean secret) {
    private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?) *(|B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)");
    private static final Pattern DURATION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?) *(ms|s|m|h|d)");

    static final ValueType<Boolean> BOOLEAN = ofText("true or false", text -> switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new IllegalArgumentException();
    }, String::valueOf);

    static final ValueType<String> TEXT = ofText("text", text -> text, text -> text);

    static final ValueType<NodeId> NODE_ID =
            ofText("1 to 64 of A-Z a-z 0-9 . _ -", NodeId::new, NodeId::value);

    static final ValueType<Path> PATH = ofText("a path", Path::of, Path::toString);

    static final ValueType<Integer> PORT = integer(0, 65_535);

    static final ValueType<HostPort> HOST_PORT = ofText("HOST:PORT", HostPort::parse, HostPort::toString);

    static final ValueType<Duration> DURATION_TEXT =
            ofText("a time, such as 200ms, 30s, 5m, 1h or 7d", ValueType::duration, ValueType::show);

    static final ValueType<List<Map<String, String>>> TABLE = new ValueType<>(
            "a list of {name: value, …}", ValueType::table, rows -> rows.stream()
                    .map(row -> row.entrySet().stream()
                            .map(field -> field.getKey() + ": " + field.getValue())
                            .collect(Collectors.joining(", ", "{", "}")))
                    .collect(Collectors.joining(", ", "[", "]")),
            false);

    /// What is wrong is said by the key: a reader throws an exception without a message, or with one that adds to it.
    @FunctionalInterface
    interface Reader<T> {
        /// @throws IllegalArgumentException the value is none of this type
        T read(YamlValue value);
    }

    /// @throws IllegalArgumentException in words: what is expected, and what stands there
    T read(YamlValue value) {
        try {
            return reader.read(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("is to be " + form + ", and not " + shown(value), e);
        }
    }

    private String shown(YamlValue value) {
        return value instanceof Text text && !secret ? "\"" + shortened(text.text()) + "\"" : value.kind();
    }

    private static String shortened(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ");
        return line.length() <= 80 ? line : line.substring(0, 80) + "…";
    }

    /// As text for people; a secret as asterisks.
    String show(T value) {
        String text = writer.apply(value);
        return secret && !text.isEmpty() ? "********" : text;
    }

    static ValueType<Integer> integer(int min, int max) {
        String form = max == Integer.MAX_VALUE ? "a whole number from " + min : "a whole number, " + min + " to " + max;
        return ofText(form, text -> {
            int value = Integer.parseInt(text);
            if (value < min || value > max) {
                throw new IllegalArgumentException();
            }
            return value;
        }, String::valueOf);
    }

    static ValueType<Double> decimal(double min, double max) {
        return ofText("a number, " + min + " to " + max, text -> {
            double value = Double.parseDouble(text);
            if (!(value >= min && value <= max)) {
                throw new IllegalArgumentException();
            }
            return value;
        }, String::valueOf);
    }

    /// Bytes.
    static ValueType<Long> size(long min, long max) {
        String form = "a size such as 64MiB, " + showSize(min) + " to " + showSize(max);
        return ofText(form, text -> {
            long bytes = bytes(text);
            if (bytes < min || bytes > max) {
                throw new IllegalArgumentException();
            }
            return bytes;
        }, ValueType::showSize);
    }

    /// One of the names of an enum, in lower case.
    static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
        Map<String, E> names = new LinkedHashMap<>();
        for (E constant : type.getEnumConstants()) {
            names.put(constant.name().toLowerCase(Locale.ROOT), constant);
        }
        return ofText(String.join(" or ", names.keySet()), text -> {
            E constant = names.get(text);
            if (constant == null) {
                throw new IllegalArgumentException();
            }
            return constant;
        }, constant -> constant.name().toLowerCase(Locale.ROOT));
    }

    /// Nothing, or an empty text, is a value too.
    static <T> ValueType<Optional<T>> optional(ValueType<T> type) {
        return new ValueType<>(
                type.form,
                value -> value instanceof Empty || value instanceof Text(String text, _) && text.isEmpty()
                        ? Optional.empty()
                        : Optional.of(type.reader.read(value)),
                value -> value.map(type.writer).orElse(""),
                type.secret);
    }

    static <T> ValueType<T> secret(ValueType<T> type) {
        return new ValueType<>(type.form, type.reader, type.writer, true);
    }

    /// A list; a single value is a list of one.
    static <T> ValueType<List<T>> list(ValueType<T> type) {
        return new ValueType<>(
                "a list [" + type.form + ", …]",
                value -> switch (value) {
                    case Empty _ -> List.of();
                    case Text(String text, _) when text.isBlank() -> List.of();
                    case Items(List<YamlValue> items, _) -> items.stream().map(type.reader::read).toList();
                    case Text _, Fields _ -> List.of(type.reader.read(value));
                },
                values -> values.stream().map(type.writer).collect(Collectors.joining(", ", "[", "]")),
                type.secret);
    }

    private static <T> ValueType<T> ofText(String form, Function<String, T> parser, Function<T, String> writer) {
        return new ValueType<>(
                form,
                value -> {
                    if (value instanceof Text(String text, _)) {
                        return parser.apply(text.strip());
                    }
                    throw new IllegalArgumentException();
                },
                writer,
                false);
    }

    private static List<Map<String, String>> table(YamlValue value) {
        if (!(value instanceof Items(List<YamlValue> items, _))) {
            throw new IllegalArgumentException();
        }
        List<Map<String, String>> rows = new ArrayList<>();
        for (YamlValue item : items) {
            if (!(item instanceof Fields(Map<String, YamlValue.Field> fields, _))) {
                throw new IllegalArgumentException();
            }
            Map<String, String> row = new LinkedHashMap<>();
            fields.forEach((name, field) -> {
                if (!(field.value() instanceof Text(String text, _))) {
                    throw new IllegalArgumentException();
                }
                row.put(name, text);
            });
            rows.add(row);
        }
        return rows;
    }

    /// `64MiB`, `1GB`, `4096`.
    ///
    /// @throws IllegalArgumentException the text is no size
    static long bytes(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new IllegalArgumentException("not a size: " + shortened(text));
        }
        long unit = switch (size.group(2)) {
            case "kB", "KB" -> 1_000L;
            case "MB" -> 1_000_000L;
            case "GB" -> 1_000_000_000L;
            case "TB" -> 1_000_000_000_000L;
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            case "TiB" -> 1L << 40;
            default -> 1L;
        };
        try {
            return new BigDecimal(size.group(1)).multiply(BigDecimal.valueOf(unit)).longValueExact();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("not a whole number of bytes: " + shortened(text), e);
        }
    }

    /// `200ms`, `30s`, `5m`, `1h`, `7d`.
    ///
    /// @throws IllegalArgumentException the text is no such time
    static Duration duration(String text) {
        Matcher duration = DURATION.matcher(text);
        if (!duration.matches()) {
            throw new IllegalArgumentException("not a time such as 200ms, 30s, 5m, 1h or 7d: " + shortened(text));
        }
        long unitMillis = switch (duration.group(2)) {
            case "ms" -> 1L;
            case "s" -> 1_000L;
            case "m" -> 60_000L;
            case "h" -> 3_600_000L;
            default -> 86_400_000L;
        };
        try {
            return Duration.ofMillis(new BigDecimal(duration.group(1))
                    .multiply(BigDecimal.valueOf(unitMillis))
                    .longValueExact());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("not a whole number of milliseconds: " + shortened(text), e);
        }
    }

    private static String showSize(long bytes) {
        String[] units = {"", "KiB", "MiB", "GiB", "TiB"};
        int unit = IntStream.iterate(4, i -> i > 0, i -> i - 1)
                .filter(i -> bytes != 0 && bytes % (1L << 10 * i) == 0)
                .findFirst()
                .orElse(0);
        return (bytes >> 10 * unit) + units[unit];
    }

    private static String show(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 86_400_000 == 0) {
            return millis / 86_400_000 + "d";
        }
        return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }
}
