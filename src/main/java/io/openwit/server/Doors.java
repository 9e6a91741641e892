package io.openwit.server;

import java.io.IOException;
import java.net.BindException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What this process listens on, in the order of the `ready` line.
final class Doors {
    private static final String[] ORDER = {"grpc", "http", "bulk", "flight", "admin"};

    private final Map<String, String> open = new LinkedHashMap<>();

    /// Starts to listen.
    @FunctionalInterface
    interface Opening {
        /// @return the port that was taken
        int open() throws IOException;
    }

    /// @param name as in the `ready` line
    /// @param portKey the key that chose the port
    /// @throws CommandException the address cannot be taken; the message names the key
    void open(String name, ConfigKey<?> portKey, String host, int port, Opening opening) throws CommandException {
        try {
            int taken = opening.open();
            synchronized (this) {
                open.put(name, new HostPort(host, taken).toString());
            }
        } catch (IOException | RuntimeException e) {
            throw CommandException.usage(portKey.name() + ": " + why(e, new HostPort(host, port)), e);
        }
    }

    private static String why(Exception e, HostPort address) {
        BindException bind = bindException(e);
        if (bind != null && String.valueOf(bind.getMessage()).contains("in use")) {
            return address + " is in use by another process: stop it, or choose another port (0 takes a free one)";
        }
        return "cannot listen on " + address + ": " + (bind == null ? e.getMessage() : bind.getMessage());
    }

    private static @Nullable BindException bindException(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException bind) {
                return bind;
            }
        }
        return null;
    }

    /// Name to HOST:PORT.
    synchronized Map<String, String> addresses() {
        Map<String, String> ordered = new LinkedHashMap<>();
        for (String name : ORDER) {
            String address = open.get(name);
            if (address != null) {
                ordered.put(name, address);
            }
        }
        return ordered;
    }

    /// `ready grpc=127.0.0.1:4317 http=…`.
    String readyLine() {
        return addresses().entrySet().stream()
                .map(door -> " " + door.getKey() + "=" + door.getValue())
                .collect(Collectors.joining("", "ready", ""));
    }
}
