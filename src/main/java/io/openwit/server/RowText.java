package io.openwit.server;

import io.openwit.storage.RowSink.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns the values of a query that JSON has no form for into text: times as RFC 3339 with nine digits and `Z`.
final class RowText {
    private static final long NANOS = 1_000_000_000L;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private RowText() {}

    static @Nullable Object of(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Timestamp(long nanos) -> time(nanos);
            case LocalDate date -> date.toString();
            case List<?> items -> {
                List<@Nullable Object> shown = new ArrayList<>(items.size());
                for (Object item : items) {
                    shown.add(of(item));
                }
                yield shown;
            }
            case Map<?, ?> entries -> {
                Map<String, @Nullable Object> shown = new LinkedHashMap<>();
                entries.forEach((key, entry) -> shown.put(String.valueOf(key), of(entry)));
                yield shown;
            }
            default -> value;
        };
    }

    /// Nanoseconds since 1970.
    static String time(long nanos) {
        if (nanos == Long.MAX_VALUE) {
            return "infinity";
        }
        // DuckDB's two infinities lie at both ends of the range, the lower one beside its smallest number.
        if (nanos <= -Long.MAX_VALUE) {
            return "-infinity";
        }
        return TIME.format(Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS)));
    }
}
