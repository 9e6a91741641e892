package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.MapColumn;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// The keys of one list of which some are not UTF-8. Mended they may be equal where they were not, and no map may hold a
/// key twice: Parquet cannot be made of it. The rare path of [Attributes]; not thread-safe.
final class MendedKeys {
    private final Set<String> texts = new HashSet<>();
    private final Map<String, Integer> numbers = new HashMap<>();

    void clear() {
        texts.clear();
        numbers.clear();
    }

    /// Notes a key of the list: none is made up that is equal to it.
    void add(byte[] bytes, int at, int length) {
        texts.add(new String(bytes, at, length, UTF_8));
    }

    /// Appends a key that was noted as the next one of the open map, as `key#2` where its text stands there already.
    ///
    /// @return whether it did
    boolean append(byte[] bytes, int at, int length, MapColumn map) {
        String text = new String(bytes, at, length, UTF_8);
        int number = numbers.getOrDefault(text, 0) + 1;
        while (number > 1 && texts.contains(text + '#' + number)) {
            number++;
        }
        numbers.put(text, number);
        byte[] key = (number == 1 ? text : text + '#' + number).getBytes(UTF_8);
        map.key(Arrays.copyOf(key, key.length + Bytes.SLACK), 0, key.length);
        return number > 1;
    }
}
