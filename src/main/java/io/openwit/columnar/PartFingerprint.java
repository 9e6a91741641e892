package io.openwit.columnar;

import io.openwit.model.FingerprintKey;

/// The fingerprint of a part: over its rows' fingerprints in their order, their count, and the request's name.
///
/// Design note: it has no key of its own, as those of the rows are keyed.
final class PartFingerprint {
    private final Fingerprint fingerprint = new Fingerprint(new FingerprintKey(0x6f70656e776974L, 0x70617274L));

    void compute(RowFingerprints rows, int firstRow, long nameHigh, long nameLow) {
        fingerprint.reset();
        for (int row = firstRow; row < rows.count(); row++) {
            fingerprint.add(rows.high(row), rows.low(row));
        }
        fingerprint.add(rows.count() - firstRow, 0);
        fingerprint.add(nameHigh, nameLow);
    }

    long high() {
        return fingerprint.high();
    }

    long low() {
        return fingerprint.low();
    }
}
