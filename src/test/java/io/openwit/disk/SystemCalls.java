package io.openwit.disk;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// What Linux can and Java has no name for.
final class SystemCalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final int VARIADIC_FROM = 2;

    private static final MethodHandle OPEN = handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle IOCTL =
            handle("ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
    private static final MethodHandle CLOSE = LINKER.downcallHandle(
            LINKER.defaultLookup().find("close").orElseThrow(), FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private static final int READ_ONLY = 0;

    /// `_IOR('X', 125, __u32)`. Source: Linux, `fs/ext4/ext4.h`, EXT4_IOC_SHUTDOWN.
    private static final long SHUTDOWN = 0x8004587dL;

    /// Neither the data nor the journal is flushed: EXT4_GOING_FLAGS_NOLOGFLUSH.
    private static final int FLUSH_NOTHING = 2;

    private SystemCalls() {}

    private static MethodHandle handle(String name, FunctionDescriptor types) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().find(name).orElseThrow(),
                types,
                Linker.Option.firstVariadicArg(VARIADIC_FROM));
    }

    /// Ends an ext4 as a power cut would.
    static void shutDownFileSystem(Path mountPoint) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment how = arena.allocateFrom(JAVA_INT, FLUSH_NOTHING);
            int file = (int) OPEN.invokeExact(arena.allocateFrom(mountPoint.toString()), READ_ONLY);
            if (file < 0) {
                throw new IOException("open of " + mountPoint + " failed");
            }
            int result = (int) IOCTL.invokeExact(file, SHUTDOWN, how);
            int closed = (int) CLOSE.invokeExact(file);
            if (result != 0 || closed != 0) {
                throw new IOException("shutdown of the file system at " + mountPoint + " failed: is it an ext4?");
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
