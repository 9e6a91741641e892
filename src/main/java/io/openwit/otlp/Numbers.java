package io.openwit.otlp;

import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.ListColumn;
import io.openwit.columnar.LongColumn;
import java.util.Arrays;

/// A repeated number of a row, packed or not, on its way into a list. Reused; not thread-safe.
final class Numbers {
    private long[] values = new long[32];
    private int count;

    void clear() {
        count = 0;
    }

    void add(long value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, count * 2);
        }
        values[count++] = value;
    }

    /// Adds what stands packed from `at` on.
    ///
    /// @return the position behind it
    int addFixed(Wire wire, int at, int end) throws MalformedRequestException {
        long packed = wire.slice(at, end);
        int last = Slice.end(packed);
        for (int p = Slice.at(packed); p < last; p += 8) {
            add(wire.fixed64(p, last));
        }
        return last;
    }

    /// Adds what stands packed as varints from `at` on.
    ///
    /// @return the position behind it
    int addVarints(Wire wire, int at, int end) throws MalformedRequestException {
        long packed = wire.slice(at, end);
        int last = Slice.end(packed);
        for (int p = Slice.at(packed); p < last; p = wire.next) {
            add(wire.varint(p, last));
        }
        return last;
    }

    int count() {
        return count;
    }

    /// Modulo 2^64, as counts are unsigned.
    long sum() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += values[i];
        }
        return sum;
    }

    /// Whether the numbers, taken as doubles, rise from each to the next.
    boolean rise() {
        for (int i = 0; i < count; i++) {
            double value = Double.longBitsToDouble(values[i]);
            if (Double.isNaN(value) || i > 0 && !(Double.longBitsToDouble(values[i - 1]) < value)) {
                return false;
            }
        }
        return true;
    }

    void addTo(Fingerprint fingerprint, boolean doubles) {
        fingerprint.add(count, 0);
        for (int i = 0; i < count; i++) {
            fingerprint.add(i, doubles ? AnyValues.canonical(values[i]) : values[i]);
        }
    }

    void store(ListColumn<LongColumn> list) {
        for (int i = 0; i < count; i++) {
            list.elements().append(values[i]);
        }
        list.append();
    }
}
