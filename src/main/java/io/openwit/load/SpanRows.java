package io.openwit.load;

import static io.openwit.load.Vocabulary.utf8;

/// Writes spans, fields from last to first. Eight spans that follow one another are a trace; its first is its root.
/// Not thread-safe.
final class SpanRows {
    private static final int SPAN = 2;
    private static final int TRACE_ID = 1;
    private static final int SPAN_ID = 2;
    private static final int PARENT_SPAN_ID = 4;
    private static final int NAME = 5;
    private static final int KIND = 6;
    private static final int START = 7;
    private static final int END = 8;
    private static final int ATTRIBUTES = 9;
    private static final int EVENTS = 11;
    private static final int STATUS = 15;
    private static final int FLAGS = 16;
    private static final int ROWS_PER_TRACE = 8;
    private static final byte[] EVENT_NAME = utf8("exception");
    private static final byte[] EVENT_ATTRIBUTE =
            KeyValues.prepared("exception.type", "java.net.SocketTimeoutException");
    private static final byte[] ERROR_MESSAGE = utf8("upstream did not answer in time");
    private static final byte[] PATH = utf8("/api/v2/customers/current/orders/");
    private static final byte[] PATH_END = utf8("/payments");
    private static final byte[][] NAMES = {
        utf8("GET /orders/{order}"), utf8("POST /checkout"), utf8("SELECT orders"), utf8("INSERT order_items"),
        utf8("oteldemo.Cart/AddItem"), utf8("oteldemo.Payment/Charge"), utf8("publish events"), utf8("HGETALL session"),
    };

    private final byte[] run;
    private final OtlpGenerator.Timeline timeline;
    private final RowRandom random;

    SpanRows(byte[] run, OtlpGenerator.Timeline timeline, RowRandom random) {
        this.run = run;
        this.timeline = timeline;
        this.random = random;
    }

    void write(WireWriter out, long row) {
        long root = row - row % ROWS_PER_TRACE;
        long trace = random.numberOf(root);
        random.row(row);
        int mark = out.mark();
        long start = timeline.of(row, random);
        long end = start + 50_000 + random.skewedBelow(500_000_000);
        boolean failed = random.below(32) == 0;
        out.fixed32(FLAGS, 0x101);
        if (failed) {
            int status = out.mark();
            out.number(3, 2);
            out.string(2, ERROR_MESSAGE);
            out.nested(STATUS, status);
            int event = out.mark();
            out.string(3, EVENT_ATTRIBUTE);
            out.string(2, EVENT_NAME);
            out.fixed64(1, end - 1_000);
            out.nested(EVENTS, event);
        }
        writeAttributes(out, row);
        out.fixed64(END, end);
        out.fixed64(START, start);
        out.number(KIND, 1 + random.below(5));
        out.string(NAME, NAMES[random.below(NAMES.length)]);
        if (row != root) {
            out.id8(PARENT_SPAN_ID, spanId(root));
        }
        out.id8(SPAN_ID, spanId(row));
        out.id16(TRACE_ID, trace | 1, RowRandom.mix(trace));
        out.nested(SPAN, mark);
    }

    // Odd, so that it is never zero; the row's number keeps it unique in the run.
    private long spanId(long row) {
        return random.numberOf(0) & 0xFFFF_0000_0000_0000L | row << 1 & 0xFFFF_FFFF_FFFFL | 1;
    }

    private void writeAttributes(WireWriter out, long row) {
        KeyValues.integer(out, ATTRIBUTES, Vocabulary.LOAD_SEQ, row);
        out.string(ATTRIBUTES, run);
        out.string(ATTRIBUTES, Vocabulary.PROTOCOL_VERSION[random.below(Vocabulary.PROTOCOL_VERSION.length)]);
        int address = out.mark();
        Vocabulary.writeAddress(out, random);
        KeyValues.text(out, ATTRIBUTES, Vocabulary.CLIENT_ADDRESS, address);
        out.string(ATTRIBUTES, Vocabulary.USER_AGENT[random.below(Vocabulary.USER_AGENT.length)]);
        int path = out.mark();
        out.raw(PATH_END);
        out.decimal(random.below(1_000_000_000));
        out.raw(PATH);
        KeyValues.text(out, ATTRIBUTES, Vocabulary.URL_PATH, path);
        out.string(ATTRIBUTES, Vocabulary.SERVER_ADDRESS[random.below(Vocabulary.SERVER_ADDRESS.length)]);
        out.string(ATTRIBUTES, Vocabulary.STATUS_CODE[random.skewedBelow(Vocabulary.STATUS_CODE.length)]);
        out.string(ATTRIBUTES, Vocabulary.ROUTE[random.skewedBelow(Vocabulary.ROUTE.length)]);
        out.string(ATTRIBUTES, Vocabulary.METHOD[random.below(Vocabulary.METHOD.length)]);
    }
}
