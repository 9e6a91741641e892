package io.openwit.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/// The body of an answer whose first bytes are held back, so that a failure soon after the start can still be answered
/// with another status. Not thread-safe.
final class HeldOutput extends OutputStream {
    static final int HELD_BYTES = 1 << 16;

    private final Response response;
    private final String contentType;
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();
    private @Nullable OutputStream sent;

    HeldOutput(Response response, String contentType) {
        this.response = response;
        this.contentType = contentType;
    }

    /// Whether bytes have gone, and with them the status.
    boolean begun() {
        return sent != null;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        held.write(bytes, offset, length);
        if (held.size() >= HELD_BYTES) {
            send();
        }
    }

    /// Sends what is held; the status is 200.
    void send() throws IOException {
        OutputStream out = sent;
        if (out == null) {
            response.setStatus(HttpStatus.OK_200);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
            out = Content.Sink.asOutputStream(response);
            sent = out;
        }
        held.writeTo(out);
        held.reset();
    }
}
