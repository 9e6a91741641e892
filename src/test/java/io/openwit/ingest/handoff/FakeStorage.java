package io.openwit.ingest.handoff;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallInfo;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.FlightServerMiddleware;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.RequestContext;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// A stock Flight server that keeps in memory what it is sent, and answers as the test wants. Thread-safe.
public final class FakeStorage implements AutoCloseable {
    private static final Pattern BATCH_ID = Pattern.compile("\"batch_id\":\"([^\"]+)\"");

    /// What to do with a batch that has been read.
    public interface Reaction {
        void on(String id, Answers answers) throws Exception;
    }

    /// The way back.
    public interface Answers {
        /// Sends a PutResult.
        void answer(String id);

        /// Batches of this stream before this one.
        int before();
    }

    /// @param path of the descriptor
    public record Received(String path, String metadata, List<String> texts) {}

    /// Not closed, as closing checks for leaks: a stock server does not release what a cancelled stream held.
    private final BufferAllocator allocator = new RootAllocator();

    private final FlightServer server;
    private final List<Received> received = new ArrayList<>();
    private final List<String> tokens = new ArrayList<>();
    private int streams;
    private volatile Reaction reaction = (id, answers) -> answers.answer(id);

    /// @param port 0 for any
    public FakeStorage(int port) throws IOException {
        server = FlightServer.builder(allocator, Location.forGrpcInsecure("127.0.0.1", port), new Producer())
                .middleware(FlightServerMiddleware.Key.of("token"), new TokenReader())
                .build()
                .start();
    }

    public int port() {
        return server.getPort();
    }

    public void react(Reaction wanted) {
        reaction = wanted;
    }

    /// In the order in which they came, repeats included.
    public synchronized List<Received> received() {
        return List.copyOf(received);
    }

    public synchronized Map<String, Integer> timesReceived() {
        Map<String, Integer> times = new HashMap<>();
        received.forEach(batch -> times.merge(idOf(batch.metadata()), 1, Integer::sum));
        return times;
    }

    public synchronized int streams() {
        return streams;
    }

    public synchronized List<String> tokens() {
        return List.copyOf(tokens);
    }

    @Override
    public void close() throws IOException {
        try {
            server.close();
        } catch (InterruptedException e) {
            throw new IOException("interrupted while the server was closed", e);
        }
    }

    public static String idOf(String metadata) {
        Matcher matcher = BATCH_ID.matcher(metadata);
        return matcher.find() ? matcher.group(1) : "none";
    }

    private final class TokenReader implements FlightServerMiddleware.Factory<FlightServerMiddleware> {
        @Override
        public FlightServerMiddleware onCallStarted(CallInfo call, CallHeaders headers, RequestContext context) {
            synchronized (FakeStorage.this) {
                tokens.add(String.valueOf(headers.get("authorization")));
            }
            return new FlightServerMiddleware() {
                @Override
                public void onBeforeSendingHeaders(CallHeaders outgoing) {}

                @Override
                public void onCallCompleted(CallStatus status) {}

                @Override
                public void onCallErrored(Throwable error) {}
            };
        }
    }

    private final class Producer extends NoOpFlightProducer {
        @Override
        public Runnable acceptPut(CallContext context, FlightStream stream, StreamListener<PutResult> results) {
            return () -> {
                synchronized (FakeStorage.this) {
                    streams++;
                }
                int before = 0;
                try {
                    while (stream.next()) {
                        ArrowBuf metadata = stream.getLatestMetadata();
                        byte[] bytes = new byte[(int) metadata.readableBytes()];
                        metadata.getBytes(metadata.readerIndex(), bytes);
                        String json = new String(bytes, UTF_8);
                        synchronized (FakeStorage.this) {
                            received.add(new Received(
                                    String.join("/", stream.getDescriptor().getPath()),
                                    json,
                                    TestBatches.texts(stream.getRoot(), stream.getDictionaryProvider())));
                        }
                        reaction.on(idOf(json), new Replies(results, before++));
                    }
                    results.onCompleted();
                } catch (Exception e) {
                    results.onError(e);
                }
            };
        }
    }

    private final class Replies implements Answers {
        private final StreamListener<PutResult> results;
        private final int before;

        private Replies(StreamListener<PutResult> results, int before) {
            this.results = results;
            this.before = before;
        }

        @Override
        public void answer(String id) {
            ArrowBuf metadata = allocator.buffer(Math.max(1, id.length()));
            metadata.writeBytes(id.getBytes(UTF_8));
            try (PutResult result = PutResult.metadata(metadata)) { // and with it its buffer
                results.onNext(result);
            }
        }

        @Override
        public int before() {
            return before;
        }
    }
}
