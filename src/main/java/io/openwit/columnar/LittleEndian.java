package io.openwit.columnar;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Numbers in byte arrays, in the byte order of protobuf and Arrow: the one class through which columns and wire are read.
public final class LittleEndian {
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();

    private LittleEndian() {}

    public static int getInt(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    public static long getLong(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    public static void putInt(byte[] bytes, int at, int value) {
        INT.set(bytes, at, value);
    }

    public static void putLong(byte[] bytes, int at, long value) {
        LONG.set(bytes, at, value);
    }

    /// The first `length` bytes at `at` as a number, 0 to 8 of them; reads 8, so the array must have the slack.
    public static long getTail(byte[] bytes, int at, int length) {
        return length == 0 ? 0 : getLong(bytes, at) & (-1L >>> (64 - 8 * length));
    }

    /// Whether two stretches hold the same bytes; may read, but not judge, up to 7 bytes behind either.
    public static boolean equal(byte[] a, int aAt, byte[] b, int bAt, int length) {
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            if (getLong(a, aAt + i) != getLong(b, bAt + i)) {
                return false;
            }
        }
        return getTail(a, aAt + i, length - i) == getTail(b, bAt + i, length - i);
    }
}
