package io.openwit.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.rpc.Code;
import com.google.rpc.Status;
import io.openwit.model.Signal;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// HTTP/1.1 with keep-alive on plain sockets, so that a test decides when a connection ends.
final class HttpTarget implements Target {
    private final ServerSocket server;
    private final Script script;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);

    /// @param port 0 takes a free one
    HttpTarget(int port, Script script) throws IOException {
        this.script = script;
        server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        Thread.ofVirtual().start(this::accept);
    }

    @Override
    public int port() {
        return server.getLocalPort();
    }

    @Override
    public Script script() {
        return script;
    }

    /// Connections opened to this target so far.
    int connections() {
        return connections.get();
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = server.accept();
                sockets.add(socket);
                connections.incrementAndGet();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                // The target is closed.
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            boolean open = true;
            while (open) {
                open = exchange(in, socket.getOutputStream());
            }
        } catch (IOException e) {
            // The client or the test has ended the connection.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean exchange(InputStream in, OutputStream out) throws IOException, InterruptedException {
        String path = line(in).split(" ")[1];
        Map<String, String> headers = new HashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
        }
        byte[] body = in.readNBytes(Integer.parseInt(headers.get("content-length")));
        Signal signal = Signal.ofLabel(path.substring("/v1/".length()));
        Reply reply = script.receive(new Received(
                signal, body, System.nanoTime(), headers.getOrDefault("authorization", ""),
                headers.getOrDefault("x-openwit-tenant", "")));
        switch (reply) {
            case Reply.Ok ok -> answer(out, "200 OK", "", ok.response());
            case Reply.Busy busy -> answer(out, "503 Service Unavailable", retryAfter(busy.delay()), new byte[0]);
            case Reply.OverQuota quota ->
                answer(out, "429 Too Many Requests", retryAfter(quota.delay()), new byte[0]);
            case Reply.Bad bad -> answer(out, "400 Bad Request", "", Status.newBuilder()
                    .setCode(Code.INVALID_ARGUMENT_VALUE).setMessage(bad.message()).build().toByteArray());
            case Reply.Cut cut -> {
                return false;
            }
            case Reply.Silence silence -> closed.await();
        }
        return true;
    }

    private static String retryAfter(Duration delay) {
        return delay.isZero() ? "" : "Retry-After: " + delay.toSeconds() + "\r\n";
    }

    private static void answer(OutputStream out, String status, String header, byte[] body) throws IOException {
        String head = "HTTP/1.1 " + status + "\r\nContent-Type: application/x-protobuf\r\n" + header
                + "Content-Length: " + body.length + "\r\n\r\n";
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(head.getBytes(US_ASCII));
        whole.write(body);
        out.write(whole.toByteArray());
        out.flush();
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the client has ended the connection");
            }
            line.append((char) c);
        }
        return line.toString().trim();
    }

    @Override
    public void close() {
        try {
            closed.countDown();
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
