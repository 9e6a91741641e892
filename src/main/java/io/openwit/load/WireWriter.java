package io.openwit.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Writes protobuf's wire format from the end of an array towards its beginning, into memory that is used again.
///
/// Backwards, the length of a nested message is known when its prefix is written: nothing is measured before or moved
/// after. So fields, and rows, are written last to first:
///
/// ```java
/// int end = out.position();
/// out.string(2, "world");
/// out.string(1, "hello");
/// out.nested(7, end);        // everything since `end` becomes the message in field 7
/// ```
///
/// Not thread-safe. Source: the sized marshallers of gogo/protobuf write in the same direction.
final class WireWriter {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private byte[] bytes;
    private int at;

    WireWriter(int capacity) {
        bytes = new byte[capacity];
        at = capacity;
    }

    /// Forgets what was written.
    void clear() {
        at = bytes.length;
    }

    /// Makes room for `more` bytes; must be called before whatever may not fit.
    void ensure(int more) {
        if (at < more) {
            int length = length();
            byte[] wider = new byte[Math.addExact(Math.max(bytes.length * 2, length), more)];
            System.arraycopy(bytes, at, wider, wider.length - length, length);
            at = wider.length - length;
            bytes = wider;
        }
    }

    /// What was written stands in here from [#offset] to the end; valid until the next write.
    byte[] array() {
        return bytes;
    }

    int offset() {
        return at;
    }

    int length() {
        return bytes.length - at;
    }

    /// Bytes written so far: a mark for [#nested], which stays valid when the array grows.
    int mark() {
        return length();
    }

    /// Makes everything written since `mark` the content of field `number`.
    void nested(int number, int mark) {
        varint(length() - mark);
        tag(number, LENGTH);
    }

    void string(int number, byte[] value) {
        raw(value);
        varint(value.length);
        tag(number, LENGTH);
    }

    /// 16 bytes, the first eight from `high`, most significant first.
    void id16(int number, long high, long low) {
        fixed64Bytes(Long.reverseBytes(low));
        fixed64Bytes(Long.reverseBytes(high));
        varint(16);
        tag(number, LENGTH);
    }

    /// 8 bytes, most significant first.
    void id8(int number, long value) {
        fixed64Bytes(Long.reverseBytes(value));
        varint(8);
        tag(number, LENGTH);
    }

    void number(int number, long value) {
        varint(value);
        tag(number, VARINT);
    }

    /// `sint32` and `sint64`.
    void zigzag(int number, long value) {
        number(number, value << 1 ^ value >> 63);
    }

    void fixed64(int number, long value) {
        fixed64Bytes(value);
        tag(number, FIXED64);
    }

    void real(int number, double value) {
        fixed64(number, Double.doubleToRawLongBits(value));
    }

    void fixed32(int number, int value) {
        at -= 4;
        INT.set(bytes, at, value);
        tag(number, FIXED32);
    }

    /// Eight bytes, lowest first, without a tag: an element of a packed field.
    void fixed64Bytes(long value) {
        at -= 8;
        LONG.set(bytes, at, value);
    }

    void varint(long value) {
        if ((value & ~0x7FL) == 0) {
            bytes[--at] = (byte) value;
            return;
        }
        int length = (63 - Long.numberOfLeadingZeros(value)) / 7 + 1;
        at -= length;
        int to = at;
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes[to++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[to] = (byte) rest;
    }

    /// Bytes as they are, without length and tag.
    void raw(byte[] value) {
        at -= value.length;
        System.arraycopy(value, 0, bytes, at, value.length);
    }

    /// Decimal digits of a number that is not negative, without length and tag.
    void decimal(long value) {
        long rest = value;
        do {
            bytes[--at] = (byte) ('0' + rest % 10);
            rest /= 10;
        } while (rest != 0);
    }

    /// 16 hexadecimal digits, without length and tag.
    void hex(long value) {
        at -= 16;
        LONG.set(bytes, at, Long.reverseBytes(hexDigits(value >>> 32)));
        LONG.set(bytes, at + 8, Long.reverseBytes(hexDigits(value & 0xFFFF_FFFFL)));
    }

    // Eight digits at once: each nibble gets a byte, then '0', and what is above 9 the distance from there to 'a'.
    private static long hexDigits(long half) {
        long x = (half << 16 | half) & 0x0000_FFFF_0000_FFFFL;
        x = (x << 8 | x) & 0x00FF_00FF_00FF_00FFL;
        x = (x << 4 | x) & 0x0F0F_0F0F_0F0F_0F0FL;
        long above9 = x + 0x0606_0606_0606_0606L >>> 4 & 0x0101_0101_0101_0101L;
        return x + 0x3030_3030_3030_3030L + above9 * ('a' - '0' - 10);
    }

    private void tag(int number, int type) {
        varint((long) number << 3 | type);
    }
}
