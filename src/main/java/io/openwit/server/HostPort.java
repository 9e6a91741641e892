package io.openwit.server;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// An address to listen on or to call: `127.0.0.1:9401`, `[::1]:9401`, `node-1:9401`.
///
/// @param port 0 to 65535; 0 takes a free one where one listens
record HostPort(String host, int port) {
    HostPort {
        if (host.isEmpty() || port < 0 || port > 65_535) {
            throw new IllegalArgumentException("not HOST:PORT: " + host + ":" + port);
        }
    }

    /// @throws IllegalArgumentException the text is no HOST:PORT
    static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0 || host.indexOf('/') >= 0) {
            throw new IllegalArgumentException("not HOST:PORT: " + text);
        }
        return new HostPort(host, Integer.parseInt(text.substring(colon + 1)));
    }

    /// Whether nobody from outside this machine can reach it. A name that does not resolve is taken for one from
    /// outside.
    static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
