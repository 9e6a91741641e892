package io.openwit.otlp;

import io.openwit.columnar.OpenedColumn;

/// Writes maps with their types as lists of KeyValue: the other end of [Attributes].
///
/// A type letter in upper case says that the key is one that stood before in the list: `k#2` is `k` again.
final class AttributesWriter {
    private final FieldWriter out;
    private final ValueWriter values;

    AttributesWriter(FieldWriter out, ValueWriter values) {
        this.out = out;
        this.values = values;
    }

    /// @param number of the repeated field
    void write(int number, OpenedColumn map, OpenedColumn types, int at) throws MalformedRequestException {
        int first = map.first(at);
        int entries = map.end(at) - first;
        boolean typed = !types.isNull(at);
        if (typed && types.length(at) != entries) {
            throw new MalformedRequestException(
                    map.name() + " has " + entries + " entries and " + types.length(at) + " types");
        }
        for (int i = 0; i < entries; i++) {
            byte type = typed ? types.bytes()[types.from(at) + i] : (byte) 's';
            boolean repeated = type >= 'A' && type <= 'Z';
            entry(number, map, first + i, repeated ? (byte) (type - 'A' + 'a') : type, repeated);
        }
    }

    private void entry(int number, OpenedColumn map, int at, byte letter, boolean repeated)
            throws MalformedRequestException {
        OpenedColumn keys = map.keys();
        OpenedColumn texts = map.mapValues();
        int entry = out.openMessage(number);
        int keyLength = repeated ? repeatedKeyLength(keys, at) : keys.length(at);
        out.bytes(1, keys.bytes(), keys.from(at), keyLength);
        int value = out.openMessage(2);
        if (!texts.isNull(at)) {
            values.write(letter, texts.bytes(), texts.from(at), texts.length(at));
        } else if (letter != 'n') {
            throw new MalformedRequestException(map.name() + " has no value of type " + (char) letter);
        }
        out.closeMessage(value);
        out.closeMessage(entry);
    }

    /// The key without the last `#` and the number behind it.
    private static int repeatedKeyLength(OpenedColumn keys, int at) throws MalformedRequestException {
        byte[] bytes = keys.bytes();
        for (int length = keys.length(at) - 1; length > 0; length--) {
            if (bytes[keys.from(at) + length] == '#') {
                return length;
            }
        }
        throw new MalformedRequestException("a repeated key has no number");
    }
}
