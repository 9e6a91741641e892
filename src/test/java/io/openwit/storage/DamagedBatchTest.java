package io.openwit.storage;

import static io.openwit.storage.StorageNodeTest.id;
import static io.openwit.storage.StorageNodeTest.metadata;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.openwit.columnar.SealedMessages;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is acknowledged can be read; what cannot be read is refused, and the process lives.
class DamagedBatchTest {
    @TempDir
    Path dir;

    private static ByteBuffer flipped(ByteBuffer sealed, Random random, int flips) {
        ByteBuffer copy = ByteBuffer.allocate(sealed.remaining());
        copy.put(sealed.duplicate()).flip();
        for (int i = 0; i < flips; i++) {
            int at = random.nextInt(copy.limit());
            copy.put(at, (byte) (copy.get(at) ^ 1 << random.nextInt(8)));
        }
        return copy;
    }

    @Test
    void aBatchWithFlippedBitsIsRefusedOrReadableForEver() throws Exception {
        long seed = 20261124;
        Random random = new Random(seed);
        int taken = 0;
        int refused = 0;
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir))) {
            for (int i = 1; i <= 120; i++) {
                ByteBuffer sealed = i % 2 == 0 ? SealedLogs.plain("acme", 20, "ä") : SealedLogs.of("acme", 20, "b");
                ByteBuffer damaged = flipped(sealed, random, 1 + random.nextInt(3));
                try {
                    SealedMessages.of(damaged.duplicate());
                } catch (Exception e) {
                    continue;
                }
                try (RawPut put = storage.put().schema(Signal.LOGS)) {
                    put.batch(metadata("acme", id(i), 20), damaged);
                    Status status = put.finish();
                    if (status.isOk()) {
                        taken++;
                    } else {
                        assertThat(status.getCode())
                                .as("seed %s round %s: %s", seed, i, status)
                                .isEqualTo(Status.Code.INVALID_ARGUMENT);
                        refused++;
                    }
                }
            }
            assertThat(refused).isPositive();
            assertThat(storage.number("select count(*) from logs")).isEqualTo(20L * taken);
            assertThat(storage.json("select * from logs")).hasSizeGreaterThan(100);
            storage.convertAll();
            assertThat(storage.number("select count(*) from logs")).isEqualTo(20L * taken);
            assertThat(storage.json("select * from logs")).hasSizeGreaterThan(100);
            assertThat(storage.telemetry.alarms().standing()).isEmpty();
        }
    }

    @Test
    void aBatchOfCountlessDictionariesIsRefusedAndTheNextOneTaken() throws Exception {
        ByteBuffer sealed = SealedLogs.of("acme", 2, "a");
        ByteBuffer dictionary = SealedMessages.of(sealed.duplicate()).iterator().next().encapsulated();
        int copies = 20_000;
        ByteBuffer many = ByteBuffer.allocate(copies * dictionary.remaining() + sealed.remaining());
        for (int i = 0; i < copies; i++) {
            many.put(dictionary.duplicate());
        }
        many.put(sealed.duplicate()).flip();
        BatchMetadata metadata = BatchMetadata.parse(metadata("acme", id(1), 2).getBytes(UTF_8));

        try (RootAllocator allocator = new RootAllocator()) {
            BatchCheck check = new BatchCheck(allocator, 64 << 20);
            assertThatThrownBy(() -> check.newestNanos(metadata, many)).isInstanceOf(MalformedBatchException.class);
            assertThat(check.newestNanos(metadata, sealed)).isPositive();
        }
    }

    @Test
    void messagesThatAreNoBatchesEndTheStreamAndNothingElse() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir))) {
            Random random = new Random(5);
            byte[] noise = new byte[1000];
            random.nextBytes(noise);
            byte[] none = {};
            for (int i = 0; i < 10; i++) {
                random.nextBytes(noise);
                try (RawPut put = storage.put()) {
                    put.send(none, noise, noise, noise);
                    assertThat(put.finish().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                }
                try (RawPut put = storage.put().schema(Signal.LOGS)) {
                    put.send(none, noise, noise, noise);
                    assertThat(put.finish().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                }
            }
            try (RawPut put = storage.put()) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "a"));
                assertThat(put.finish().getDescription()).contains("begin with a schema");
            }
            try (RawPut put = storage.put().schema(Signal.TRACES)) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "a"));
                assertThat(put.finish().getDescription()).contains(id(1)).contains("in a stream of traces");
            }
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "a"));
                assertThat(put.finish().isOk()).isTrue();
            }
            assertThat(storage.number("select count(*) from logs")).isEqualTo(1);
        }
    }
}
