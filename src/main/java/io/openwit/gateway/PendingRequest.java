package io.openwit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A request on its way: answered once it has been read and every batch that holds one of its parts has an outcome.
///
/// Guarded by itself: a worker reads it, and the outcomes come from the threads that deliver.
final class PendingRequest {
    private final ExportRequest request;
    private final long nameHigh;
    private final long nameLow;
    private final CompletableFuture<Outcome> answer = new CompletableFuture<>();
    private int awaited = 1; // the reading itself; each part adds one
    private @Nullable Outcome worst;

    PendingRequest(ExportRequest request) {
        this.request = request;
        String key = request.idempotencyKey();
        if (key == null) {
            nameHigh = 0;
            nameLow = 0;
        } else {
            ByteBuffer hash = ByteBuffer.wrap(sha256(key));
            nameHigh = hash.getLong();
            nameLow = hash.getLong();
        }
    }

    ExportRequest request() {
        return request;
    }

    boolean named() {
        return request.idempotencyKey() != null;
    }

    long nameHigh() {
        return nameHigh;
    }

    long nameLow() {
        return nameLow;
    }

    /// One more batch holds rows of this request.
    synchronized void addPart() {
        awaited++;
    }

    /// A part's batch, or the reading, has come to its end.
    void done(Outcome outcome) {
        Outcome result;
        synchronized (this) {
            worst = worst == null ? outcome : worse(worst, outcome);
            awaited--;
            if (awaited > 0) {
                return;
            }
            result = worst;
        }
        answer.complete(result);
    }

    /// Waits for the answer, whatever interrupts.
    Outcome await() {
        return answer.join();
    }

    private static Outcome worse(Outcome one, Outcome other) {
        if (one instanceof Accepted first && other instanceof Accepted second) {
            return first.plus(second);
        }
        return badness(other) > badness(one) ? other : one;
    }

    private static int badness(Outcome outcome) {
        return switch (outcome) {
            case Accepted accepted -> 0;
            case Unavailable unavailable -> 1;
            case Throttled throttled -> 2;
            case Rejected rejected -> 3;
        };
    }

    private static byte[] sha256(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
