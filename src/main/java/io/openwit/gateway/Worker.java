package io.openwit.gateway;

import io.openwit.columnar.Columns;
import io.openwit.columnar.RowOrdinals;
import io.openwit.columnar.Sealer;
import io.openwit.gateway.OpenBatch.Key;
import io.openwit.model.Batch;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.RoutingTable;
import io.openwit.model.Signal;
import io.openwit.model.Stepper;
import io.openwit.model.TenantId;
import io.openwit.otlp.ByteSink;
import io.openwit.otlp.JsonTranscoder;
import io.openwit.otlp.LargeRequestException;
import io.openwit.otlp.MalformedRequestException;
import io.openwit.otlp.MendReason;
import io.openwit.otlp.NoRoomException;
import io.openwit.otlp.OtlpReader;
import io.openwit.otlp.PartTarget;
import io.openwit.otlp.ReadResult;
import io.openwit.otlp.RejectReason;
import io.openwit.telemetry.Metrics;
import io.openwit.telemetry.Stage;
import io.openwit.telemetry.Telemetry;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jctools.queues.atomic.MpscAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// Reads requests into the columns of its open batches, and closes these. One a core, each stepped by a thread of its
/// own.
///
/// When a batch closes:
///
/// - at [GatewayConfig#batchRows] rows or [GatewayConfig#batchBytes] of OTLP, when the request that brought them has
///   been read;
/// - before a request that would bring it past `batchBytes`;
/// - [GatewayConfig#batchTimeout] after its first row;
/// - early, when nothing else waits to be read, and it is worth sealing ([#WORTH_SEALING_ROWS]) or none was sealed for
///   its tenant and signal within the last quarter of the timeout: so a lone client hears at once, a closed loop of few
///   clients runs at the speed of the disk, and a trickle does not make a thousand tiny batches;
/// - when there are too many open batches, or too many bytes in them: the one longest untouched first.
///
/// So a part never straddles two batches. A part beyond `batchBytes` is cut, and its pieces get batches of their own.
final class Worker implements Stepper {
    /// A batch with so many rows is sealed when the worker has nothing else to do.
    static final int WORTH_SEALING_ROWS = 512;

    /// Requests read in one step.
    static final int READS_PER_STEP = 16;

    /// Tenants and signals of which the last sealing is remembered; the one longest ago is forgotten first.
    static final int MAX_REMEMBERED_SEALS = 1 << 14;

    private static final Logger LOG = Logger.getLogger(Worker.class.getName());

    private final GatewayConfig config;
    private final RoutingTable routes;
    private final Permits permits;
    private final Delivery delivery;
    private final Clocks clocks;
    private final Telemetry telemetry;
    private final Metrics metrics;

    private final MpscAtomicArrayQueue<PendingRequest> queue;
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Bell bell = new Bell();
    private volatile boolean hurry;

    private final OtlpReader reader;
    private final ReadResult result = new ReadResult();
    private final JsonTranscoder transcoder = new JsonTranscoder();
    private final TranscodingMemory transcodingMemory;
    private final ByteSink transcoded;
    private final RowOrdinals ordinals = new RowOrdinals();
    private final Sealer sealer = new Sealer();

    /// In the order of their last touch: the one longest untouched is the first.
    private final LinkedHashMap<Key, OpenBatch> open = new LinkedHashMap<>();

    private final ColumnsPool pool = new ColumnsPool();

    /// When the last batch was sealed, in the order of these moments.
    private final LinkedHashMap<Stream, Long> sealedNanos = new LinkedHashMap<>();

    private long openBytes;
    /// The earliest timeout of an open batch, or a moment before it; without meaning while none is open.
    private long timeoutNanos;
    /// When an idle worker has to look at its open batches again; without meaning while none is open.
    private long dueNanos;

    /// What is sealed early or not, together.
    private record Stream(TenantId tenant, Signal signal) {}

    Worker(
            GatewayConfig config,
            RoutingTable routes,
            FingerprintKey key,
            Permits permits,
            BufferPool buffers,
            Delivery delivery,
            Clocks clocks,
            Telemetry telemetry) {
        this.config = config;
        this.routes = routes;
        this.permits = permits;
        this.delivery = delivery;
        this.clocks = clocks;
        this.telemetry = telemetry;
        metrics = telemetry.metrics();
        queue = new MpscAtomicArrayQueue<>(Math.clamp(config.maxBufferRequests(), 2, Gateway.MAX_QUEUE));
        reader = new OtlpReader(config.reader(), key);
        transcodingMemory = new TranscodingMemory(permits, buffers);
        transcoded = new ByteSink(Math.min(config.maxRequestBytes(), ByteSink.MAX_BYTES), transcodingMemory);
    }

    /// Hands a request over; any thread may. False where the queue is full.
    boolean offer(PendingRequest request) {
        int bytes = request.request().body().length();
        waitingBytes.addAndGet(bytes);
        if (!queue.offer(request)) {
            waitingBytes.addAndGet(-bytes);
            return false;
        }
        bell.ring();
        return true;
    }

    /// Bytes of the requests that wait, or are being read.
    long waitingBytes() {
        return waitingBytes.get();
    }

    /// From now on batches close as soon as nothing waits to be read.
    void hurry() {
        hurry = true;
        bell.ring();
    }

    @Override
    public boolean step() {
        int read = 0;
        while (read < READS_PER_STEP) {
            PendingRequest request = queue.poll();
            if (request == null) {
                break;
            }
            int bytes = request.request().body().length();
            read(request);
            waitingBytes.addAndGet(-bytes);
            read++;
        }
        boolean closed = false;
        if (!open.isEmpty()) {
            boolean idle = queue.isEmpty();
            long now = clocks.monotonicNanos();
            if (idle ? read > 0 || hurry || now - dueNanos >= 0 : now - timeoutNanos >= 0) {
                closed = closeDue(now, idle);
            }
        }
        return read > 0 || closed;
    }

    @Override
    public void awaitWork(long maxNanos) {
        long nanos = open.isEmpty() ? maxNanos : Math.min(maxNanos, dueNanos - clocks.monotonicNanos());
        if (nanos > 0) {
            bell.await(nanos);
        }
    }

    /// Reads a request, and lets it know; whatever happens, it is not left waiting.
    private void read(PendingRequest pending) {
        ExportRequest request = pending.request();
        Reading reading = new Reading(pending);
        Outcome outcome;
        try (var timing = telemetry.begin(Stage.DECODE)) {
            timing.with("tenant", request.caller().tenant().value())
                    .with("bytes", request.body().length());
            outcome = decode(request, reading);
        } catch (RuntimeException | Error e) {
            // A mistake of ours, of which the columns may be half written: they go, with the rows of others that are in
            // them.
            LOG.log(
                    Level.SEVERE,
                    "request not read: tenant=" + request.caller().tenant() + " signal=" + request.signal().label()
                            + " source=" + request.source() + " bytes=" + request.body().length(),
                    e);
            reading.discard();
            metrics.requestsRefused.labelValues(request.source(), "failure").inc();
            outcome = new Unavailable("the gateway failed to read the request");
        }
        request.body().releaseArray();
        pending.done(outcome);
    }

    /// The outcome of the reading alone: what the parts bring is added when their batches have one.
    private Outcome decode(ExportRequest request, Reading reading) {
        result.clear();
        byte[] bytes = request.body().array();
        int length = request.body().length();
        try {
            if (request.encoding() == Encoding.JSON) {
                length = transcoder.toProtobuf(request.signal(), bytes, 0, length, transcoded);
                bytes = transcoded.array();
            }
            reading.length = length;
            reader.read(request.signal(), bytes, 0, length, clocks.wallNanos(), reading, result);
        } catch (LargeRequestException e) {
            return refused(request, Refusal.TOO_LARGE, e.getMessage());
        } catch (MalformedRequestException e) {
            reading.abandon();
            return refused(request, Refusal.MALFORMED, e.getMessage());
        } catch (NoRoomException e) {
            return withoutRoom(request, e);
        } finally {
            transcoded.release();
        }
        reading.finish();
        count(request);
        return new Accepted(0, 0, result.rejected(), result.firstReason());
    }

    private Outcome refused(ExportRequest request, Refusal refusal, @Nullable String detail) {
        metrics.requestsRefused.labelValues(request.source(), refusal.label()).inc();
        return new Rejected(refusal, String.valueOf(detail));
    }

    /// There is no room to transcode a request: now, or ever, as its JSON and its protobuf stand there together.
    private Outcome withoutRoom(ExportRequest request, NoRoomException e) {
        if (transcodingMemory.permitsFor(request.body().length(), e.bytes()) > config.maxBufferBytes()) {
            return refused(request, Refusal.TOO_LARGE, "the request and its protobuf are larger than the buffer for requests");
        }
        metrics.requestsRefused.labelValues(request.source(), "overload").inc();
        return permits.throttled("the buffer for requests is full");
    }

    /// Counts what the reader rejected and mended; the rows that it kept were counted with their parts.
    private void count(ExportRequest request) {
        String tenant = request.caller().tenant().value();
        String signal = request.signal().label();
        metrics.rowsReceived.labelValues(tenant, signal, request.source()).inc(result.rejected());
        for (RejectReason reason : RejectReason.values()) {
            if (result.rejected(reason) > 0) {
                metrics.rowsRejected
                        .labelValues(tenant, signal, reason.label())
                        .inc(result.rejected(reason));
            }
        }
        for (MendReason reason : MendReason.values()) {
            if (result.mended(reason) > 0) {
                metrics.rowsMended
                        .labelValues(tenant, signal, reason.label())
                        .inc(result.mended(reason));
            }
        }
    }

    /// Closes every open batch whose time has come, and finds out when the next one's will.
    private boolean closeDue(long now, boolean idle) {
        long timeout = config.batchTimeout().toNanos();
        List<OpenBatch> due = new ArrayList<>();
        long nextTimeout = now + timeout;
        long nextDue = now + timeout;
        for (OpenBatch batch : open.values()) {
            long timesOut = batch.firstNanos() + timeout;
            long dueAt = idle ? Math.min(timesOut, earlyNanos(batch, now)) : timesOut;
            if (now - dueAt >= 0 || hurry) {
                due.add(batch);
            } else {
                nextTimeout = Math.min(nextTimeout, timesOut);
                nextDue = Math.min(nextDue, dueAt);
            }
        }
        timeoutNanos = nextTimeout;
        dueNanos = nextDue;
        due.forEach(this::close);
        return !due.isEmpty();
    }

    /// The moment from which an idle worker closes this batch.
    private long earlyNanos(OpenBatch batch, long now) {
        Long sealed = sealedNanos.get(new Stream(batch.key().tenant(), batch.key().signal()));
        boolean worthSealing = batch.columns().rows() >= WORTH_SEALING_ROWS;
        return worthSealing || sealed == null ? now : sealed + config.batchTimeout().toNanos() / 4;
    }

    private OpenBatch open(Key key) {
        OpenBatch batch = new OpenBatch(
                key,
                pool.take(key.signal(), key.tenant()),
                clocks.monotonicNanos(),
                telemetry.begin(Stage.BATCH));
        metrics.openBatches.inc();
        return batch;
    }

    /// Seals a batch and sends it off.
    private void close(OpenBatch batch) {
        forget(batch);
        remember(batch.key());
        Batch sealed;
        try (var timing = batch.timing()) {
            timing.with("tenant", batch.key().tenant().value()).with("rows", batch.columns().rows());
            sealed = batch.columns().seal(sealer);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.SEVERE, "batch not sealed: key=" + batch.key() + " requests=" + batch.parts().size(), e);
            delivery.settle(batch.key(), batch.parts(), new Unavailable("the gateway failed to seal the batch"));
            return;
        }
        pool.give(batch.pooled());
        delivery.send(batch.key(), sealed, batch.parts());
    }

    /// An open batch is none any more.
    private void forget(OpenBatch batch) {
        if (open.remove(batch.key(), batch)) {
            openBytes -= batch.bytes();
        }
        batch.markClosed();
        metrics.openBatches.dec();
    }

    private void remember(Key key) {
        Stream stream = new Stream(key.tenant(), key.signal());
        sealedNanos.remove(stream);
        sealedNanos.put(stream, clocks.monotonicNanos());
        if (sealedNanos.size() > MAX_REMEMBERED_SEALS) {
            Iterator<Stream> eldest = sealedNanos.keySet().iterator();
            eldest.next();
            eldest.remove();
        }
    }

    /// The request that is being read, and the parts of it: one a route, or several where a part had to be cut.
    private final class Reading implements PartTarget {
        private final PendingRequest pending;
        private final @Nullable OpenPart[] current = new @Nullable OpenPart[routes.nodes().size()];
        private final List<OpenPart> parts = new ArrayList<>();
        private int length;

        /// @param rowsBefore rows that stood in the batch before this part
        /// @param piece 0 for the first of a part; a later one has its batch for itself
        private record OpenPart(OpenBatch batch, int rowsBefore, int piece) {
            int rows() {
                return batch.columns().rows() - rowsBefore;
            }
        }

        Reading(PendingRequest pending) {
            this.pending = pending;
        }

        @Override
        public Columns columnsFor(long resourceHash) {
            int route = route(resourceHash);
            OpenPart part = current[route];
            if (part == null) {
                part = join(key(route));
                current[route] = part;
            }
            return part.batch.columns();
        }

        /// The piece that is full stays open until the request has been read: only then is it known to be well formed.
        @Override
        public Columns nextPiece(Columns full, long resourceHash) {
            int route = route(resourceHash);
            OpenPart before = current[route];
            if (before == null) {
                throw new IllegalStateException("a next piece before the first");
            }
            before.batch.markFull();
            OpenPart part = beginPart(open(key(route)), before.piece + 1);
            current[route] = part;
            return part.batch.columns();
        }

        private OpenPart join(Key key) {
            OpenBatch batch = open.get(key);
            if (batch != null && batch.bytes() + length > config.batchBytes()) {
                close(batch);
                batch = null;
            }
            if (batch == null) {
                batch = open(key);
                if (open.isEmpty()) {
                    timeoutNanos = batch.firstNanos() + config.batchTimeout().toNanos();
                }
            } else {
                open.remove(key);
            }
            open.put(key, batch);
            return beginPart(batch, 0);
        }

        private OpenPart beginPart(OpenBatch batch, int piece) {
            OpenPart part = new OpenPart(batch, batch.columns().rows(), piece);
            // The name of each piece differs, so that two pieces with the same rows are not taken for a repeat.
            batch.columns().beginPart(pending.nameHigh(), pending.nameLow() + piece, pending.named());
            parts.add(part);
            return part;
        }

        /// The request is well formed: its parts stay, and the batches that are full now close.
        void finish() {
            for (OpenPart part : parts) {
                if (part.piece == 0) {
                    endPieces(part.batch.key().route());
                }
            }
            for (OpenPart part : parts) {
                OpenBatch batch = part.batch;
                if (part.piece == 0) {
                    openBytes += batch.grow();
                }
                if (batch.parts().isEmpty()) {
                    drop(batch);
                } else if (part.piece > 0
                        || batch.full()
                        || batch.columns().rows() >= config.batchRows()
                        || batch.bytes() >= config.batchBytes()) {
                    close(batch);
                }
            }
            while (open.size() > config.maxOpenBatches() || openBytes > config.maxOpenBytes()) {
                close(open.values().iterator().next());
            }
        }

        /// Ends the pieces of one route's part in their order, so that equal rows are told apart across them.
        private void endPieces(int route) {
            List<OpenPart> pieces = parts.stream()
                    .filter(part -> part.batch.key().route() == route)
                    .toList();
            ordinals.open(pieces.stream().mapToInt(OpenPart::rows).sum());
            for (OpenPart part : pieces) {
                int rows = part.rows();
                if (rows == 0) {
                    part.batch.columns().abandonPart();
                    continue;
                }
                part.batch.columns().endPart(ordinals);
                part.batch.add(pending, rows);
                Key key = part.batch.key();
                metrics.rowsReceived
                        .labelValues(key.tenant().value(), key.signal().label(), key.source())
                        .inc(rows);
            }
            ordinals.close();
        }

        /// The request is malformed: it leaves no trace.
        void abandon() {
            for (OpenPart part : parts) {
                part.batch.pooled().notePeak();
                part.batch.columns().abandonPart();
                if (part.batch.parts().isEmpty()) {
                    drop(part.batch);
                }
            }
        }

        /// The columns cannot be trusted any more: whose rows are in them hears that they are not taken.
        void discard() {
            for (OpenPart part : parts) {
                OpenBatch batch = part.batch;
                if (batch.closed()) {
                    continue;
                }
                forget(batch);
                batch.timing().failed("discarded").close();
                delivery.settle(batch.key(), batch.parts(), new Unavailable("the gateway failed to fill the batch"));
            }
        }

        private void drop(OpenBatch batch) {
            forget(batch);
            batch.timing().close();
            pool.give(batch.pooled());
        }

        private int route(long resourceHash) {
            return routes.route(pending.request().caller().tenant(), resourceHash);
        }

        private Key key(int route) {
            ExportRequest request = pending.request();
            return new Key(request.caller().tenant(), request.signal(), route, request.source());
        }
    }
}
