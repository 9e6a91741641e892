package io.openwit.simulation;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/// Draws batches: of several tenants and signals, of one row to hundreds, of a few bytes to half a segment; some of their rows,
/// parts or all of them were sent before; some hold bytes that look like the log's own.
final class Traffic {
    private static final List<TenantId> TENANTS =
            List.of(new TenantId("acme"), new TenantId("b"), new TenantId("a-tenant-with-a-long-name_0123456789"));

    private final Random random;
    private final Ledger ledger;
    private long lastSerial;
    private long lastRow;

    Traffic(Random random, Ledger ledger) {
        this.random = random;
        this.ledger = ledger;
    }

    /// @param maxBytes of rows and header together, about
    /// @param decoy bytes of the log, which a client sends as if they were its own
    Sent draw(int maxBytes, byte[] decoy) {
        List<Sent> earlier = ledger.all();
        Sent old = earlier.isEmpty() || random.nextInt(100) >= 25 ? null : earlier.get(random.nextInt(earlier.size()));
        TenantId tenant = old == null ? TENANTS.get(random.nextInt(TENANTS.size())) : old.tenant();
        Signal signal = old == null ? Signal.values()[random.nextInt(Signal.values().length)] : old.signal();
        List<Sent.Part> parts = old == null ? fresh(maxBytes) : again(old);
        return send(tenant, signal, parts, filler(maxBytes, decoy));
    }

    /// The same rows under a new serial.
    Sent repeat(Sent old) {
        return send(old.tenant(), old.signal(), old.parts(), new byte[0]);
    }

    /// One part of so many new datable rows, and so many bytes behind them.
    Sent plain(int rows, int fillerBytes) {
        byte[] filler = new byte[fillerBytes];
        random.nextBytes(filler);
        Sent.Part part = new Sent.Part(
                false, LongStream.range(0, rows).map(_ -> row(true)).toArray());
        return send(TENANTS.getFirst(), Signal.LOGS, List.of(part), filler);
    }

    private Sent send(TenantId tenant, Signal signal, List<Sent.Part> parts, byte[] filler) {
        Sent sent = Sent.of(++lastSerial, tenant, signal, parts, filler);
        ledger.send(sent);
        return sent;
    }

    private List<Sent.Part> fresh(int maxBytes) {
        List<Sent.Part> parts = new ArrayList<>();
        int most = Math.clamp(maxBytes / 256, 1, 100);
        for (int part = random.nextInt(3); part >= 0; part--) {
            boolean datable = random.nextInt(5) > 0;
            int rows = 1 + random.nextInt(most);
            parts.add(new Sent.Part(
                    random.nextInt(4) == 0,
                    LongStream.range(0, rows).map(_ -> row(datable)).toArray()));
        }
        return parts;
    }

    /// The whole, one of its parts, or its first part's rows beside new ones.
    private List<Sent.Part> again(Sent old) {
        return switch (random.nextInt(3)) {
            case 0 -> old.parts();
            case 1 -> List.of(old.parts().get(random.nextInt(old.parts().size())));
            default -> List.of(new Sent.Part(
                    false,
                    LongStream.concat(LongStream.of(old.parts().getFirst().rows()), LongStream.of(row(true)))
                            .toArray()));
        };
    }

    private long row(boolean datable) {
        return ++lastRow * 2 + (datable ? 1 : 0);
    }

    private byte[] filler(int maxBytes, byte[] decoy) {
        int most = Math.max(1, random.nextInt(8) == 0 ? maxBytes / 2 : maxBytes / 16);
        byte[] filler = new byte[random.nextInt(most)];
        if (decoy.length > 0 && random.nextInt(8) == 0) {
            int from = random.nextInt(Math.max(1, decoy.length - filler.length)) & -4096;
            System.arraycopy(decoy, from, filler, 0, Math.min(filler.length, decoy.length - from));
        } else {
            random.nextBytes(filler);
        }
        return filler;
    }
}
