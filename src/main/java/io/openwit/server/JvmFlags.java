package io.openwit.server;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// The flags without which a node would hang or complain in the middle of its work: a Flight sender that waits for
/// room, for one, waits for ever without the first. The script `./openwit` gives them all.
final class JvmFlags {
    static final String OPEN_NIO = "--add-opens=java.base/java.nio=ALL-UNNAMED";
    static final String UNSAFE_MEMORY = "--sun-misc-unsafe-memory-access=allow";
    static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    private JvmFlags() {}

    /// @throws CommandException this process lacks a flag
    static void check() throws CommandException {
        Module own = JvmFlags.class.getModule();
        Optional<String> missing = missing(
                ByteBuffer.class.getModule().isOpen("java.nio", own),
                own.isNativeAccessEnabled(),
                ManagementFactory.getRuntimeMXBean().getInputArguments());
        if (missing.isPresent()) {
            throw CommandException.usage(
                    "the JVM was started without " + missing.get() + ": start with ./openwit, which gives every flag");
        }
    }

    /// The first flag that is missing.
    ///
    /// @param arguments of the JVM
    static Optional<String> missing(boolean nioIsOpen, boolean nativeAccessIsEnabled, List<String> arguments) {
        if (!nioIsOpen) {
            return Optional.of(OPEN_NIO);
        }
        if (!nativeAccessIsEnabled) {
            return Optional.of(NATIVE_ACCESS);
        }
        return arguments.contains(UNSAFE_MEMORY) ? Optional.empty() : Optional.of(UNSAFE_MEMORY);
    }
}
