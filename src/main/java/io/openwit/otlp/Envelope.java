package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.EnvelopeColumns;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.IntColumn;
import io.openwit.model.Signal;

/// Resource and scope of the rows at hand: read once, fingerprinted once, stored with the first row in some columns and
/// repeated with the others. Not thread-safe.
///
/// The fingerprint of a row goes on from that of its scope, and this from that of its resource, to which the tenant is
/// added when the columns are known: so rows can be routed by what their resource is, whoever's it is.
final class Envelope {
    private static final byte[] SERVICE_NAME = "service.name".getBytes(US_ASCII);

    private static final int RESOURCE_TAG = 1;
    private static final int RESOURCE_URL_TAG = 2;
    private static final int ENTITIES_TAG = 3;
    private static final int TENANT_TAG = 4;
    private static final int SCOPE_TAG = 5;
    private static final int SCOPE_URL_TAG = 6;
    private static final int NAME_TAG = 7;
    private static final int VERSION_TAG = 8;

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final Attributes resourceAttributes;
    private final Attributes scopeAttributes;
    private final Bytes entities = new Bytes(256);

    private boolean hasResource;
    private int resourceDropped;
    private int resourceUrlAt;
    private int resourceUrlLength;
    private int resourceMends;
    private long resourceHash;
    private long resourceHigh;
    private long resourceLow;

    private boolean hasScope;
    private int nameAt;
    private int nameLength;
    private int versionAt;
    private int versionLength;
    private int scopeDropped;
    private int scopeUrlAt;
    private int scopeUrlLength;
    private int scopeMends;
    private long scopeHigh;
    private long scopeLow;

    /// Of the last [#store]: what it mended, and how many entries each row repeats.
    private int mends;

    private int entries;

    Envelope(RowState row) {
        this.row = row;
        wire = row.wire;
        fingerprint = row.fingerprint;
        resourceAttributes = new Attributes(row);
        scopeAttributes = new Attributes(row);
    }

    /// Reads the resource of a ResourceLogs, ResourceSpans or ResourceMetrics.
    ///
    /// @param at where the Resource begins, or -1 where there is none
    void readResource(Signal signal, int at, int length, int urlAt, int urlLength) throws MalformedRequestException {
        row.beginRow();
        hasResource = at >= 0;
        resourceUrlAt = urlAt;
        resourceUrlLength = urlLength;
        resourceDropped = 0;
        resourceAttributes.clear();
        entities.truncate(0);
        int end = hasResource ? at + length : 0;
        int p = hasResource ? at : 0;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            switch (tag) {
                case 10 -> {
                    int entry = wire.length(p, end);
                    p = wire.next + entry;
                    resourceAttributes.add(wire.next, p);
                }
                case 16 -> {
                    resourceDropped = (int) wire.varint(p, end);
                    p = wire.next;
                }
                case 26 -> {
                    int entity = wire.length(p, end);
                    p = wire.next + entity;
                    entities.put((byte) (entities.size() == 0 ? '[' : ','));
                    readEntity(wire.next, p);
                }
                default -> p = wire.skip(tag, p, end);
            }
        }
        if (entities.size() > 0) {
            entities.put((byte) ']');
        }
        fingerprint.reset();
        fingerprint.add(signal.code(), (long) RESOURCE_TAG << 32 | (hasResource ? 1 : 0));
        resourceAttributes.addTo(fingerprint, RESOURCE_TAG);
        fingerprint.add(resourceDropped, 0);
        fingerprint.add(ENTITIES_TAG, entities.array(), 0, entities.size());
        fingerprint.add(RESOURCE_URL_TAG, wire.bytes(), urlAt, urlLength);
        resourceHash = fingerprint.high();
        resourceHigh = fingerprint.stateHigh();
        resourceLow = fingerprint.stateLow();
        resourceMends = row.mends();
    }

    /// Writes an EntityRef as OTLP's JSON; members that are empty are left out.
    private void readEntity(int from, int end) throws MalformedRequestException {
        entities.put((byte) '{');
        boolean first = true;
        first = entityText(10, "\"schemaUrl\":", from, end, first);
        first = entityText(18, "\"type\":", from, end, first);
        first = entityKeys(26, "\"idKeys\":[", from, end, first);
        entityKeys(34, "\"descriptionKeys\":[", from, end, first);
        entities.put((byte) '}');
    }

    private boolean entityText(int member, String name, int from, int end, boolean first)
            throws MalformedRequestException {
        int textAt = 0;
        int textLength = 0;
        int p = from;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            if (tag == member) {
                textLength = wire.length(p, end);
                textAt = wire.next;
                p = textAt + textLength;
            } else {
                p = wire.skip(tag, p, end);
            }
        }
        if (textLength == 0) {
            return first;
        }
        entityName(name, first);
        row.values.quoted(wire.bytes(), textAt, textLength, entities);
        return false;
    }

    private boolean entityKeys(int member, String name, int from, int end, boolean first)
            throws MalformedRequestException {
        boolean none = true;
        int p = from;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            if (tag == member) {
                int length = wire.length(p, end);
                p = wire.next + length;
                if (none) {
                    entityName(name, first);
                } else {
                    entities.put((byte) ',');
                }
                none = false;
                row.values.quoted(wire.bytes(), p - length, length, entities);
            } else {
                p = wire.skip(tag, p, end);
            }
        }
        if (!none) {
            entities.put((byte) ']');
        }
        return first && none;
    }

    private void entityName(String name, boolean first) {
        byte[] ascii = name.getBytes(US_ASCII);
        if (!first) {
            entities.put((byte) ',');
        }
        entities.put(ascii, 0, ascii.length);
    }

    /// Of the resource's content, without the tenant.
    long resourceHash() {
        return resourceHash;
    }

    /// Reads the scope of a ScopeLogs, ScopeSpans or ScopeMetrics, for a tenant's rows.
    ///
    /// @param at where the InstrumentationScope begins, or -1 where there is none
    void readScope(Columns columns, int at, int length, int urlAt, int urlLength) throws MalformedRequestException {
        row.beginRow();
        hasScope = at >= 0;
        scopeUrlAt = urlAt;
        scopeUrlLength = urlLength;
        scopeDropped = 0;
        nameAt = 0;
        nameLength = 0;
        versionAt = 0;
        versionLength = 0;
        scopeAttributes.clear();
        int end = hasScope ? at + length : 0;
        int p = hasScope ? at : 0;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            switch (tag) {
                case 10 -> {
                    nameLength = wire.length(p, end);
                    nameAt = wire.next;
                    p = nameAt + nameLength;
                }
                case 18 -> {
                    versionLength = wire.length(p, end);
                    versionAt = wire.next;
                    p = versionAt + versionLength;
                }
                case 26 -> {
                    int entry = wire.length(p, end);
                    p = wire.next + entry;
                    scopeAttributes.add(wire.next, p);
                }
                case 32 -> {
                    scopeDropped = (int) wire.varint(p, end);
                    p = wire.next;
                }
                default -> p = wire.skip(tag, p, end);
            }
        }
        fingerprint.resume(resourceHigh, resourceLow);
        byte[] tenant = columns.tenantBytes();
        fingerprint.add(TENANT_TAG, tenant, 0, tenant.length - Bytes.SLACK);
        fingerprint.add((long) SCOPE_TAG << 32 | (hasScope ? 1 : 0), scopeDropped);
        byte[] bytes = wire.bytes();
        fingerprint.add(NAME_TAG, bytes, nameAt, nameLength);
        fingerprint.add(VERSION_TAG, bytes, versionAt, versionLength);
        scopeAttributes.addTo(fingerprint, SCOPE_TAG);
        fingerprint.add(SCOPE_URL_TAG, wire.bytes(), urlAt, urlLength);
        scopeHigh = fingerprint.stateHigh();
        scopeLow = fingerprint.stateLow();
        scopeMends = row.mends();
    }

    /// Sets the fingerprint to where a row of this scope begins.
    void resumeFingerprint() {
        fingerprint.resume(scopeHigh, scopeLow);
    }

    /// Stores resource and scope with the open row, of which nothing else has been read yet.
    void store(Columns columns) {
        EnvelopeColumns out = columns.envelope();
        out.begin();
        long mendedBefore = columns.mendedTexts();
        byte[] bytes = wire.bytes();
        int service = resourceAttributes.findText(SERVICE_NAME);
        if (service < 0) {
            out.serviceName.appendNull();
        } else {
            out.serviceName.appendOrNull(
                    bytes, resourceAttributes.valueAt(service), resourceAttributes.valueLength(service));
        }
        resourceAttributes.store(out.resource, out.resourceTypes);
        dropped(out.resourceDropped, hasResource, resourceDropped, resourceAttributes);
        out.resourceSchemaUrl.appendOrNull(bytes, resourceUrlAt, resourceUrlLength);
        out.resourceEntityRefs.appendOrNull(entities.array(), 0, entities.size());
        out.scopeName.appendOrNull(bytes, nameAt, nameLength);
        out.scopeVersion.appendOrNull(bytes, versionAt, versionLength);
        scopeAttributes.store(out.scope, out.scopeTypes);
        dropped(out.scopeDropped, hasScope, scopeDropped, scopeAttributes);
        out.scopeSchemaUrl.appendOrNull(bytes, scopeUrlAt, scopeUrlLength);
        row.mend(resourceMends | scopeMends);
        if (columns.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        mends = row.mends();
        entries = resourceAttributes.stored() + scopeAttributes.stored();
    }

    /// Stores with the open row what the row before it has.
    void repeat(Columns columns) {
        columns.envelope().repeat();
        row.mend(mends);
    }

    /// Entries of resource and scope, which are stored with each row.
    int entries() {
        return entries;
    }

    /// Null where there was no message at all.
    private static void dropped(IntColumn column, boolean there, int received, Attributes attributes) {
        if (there) {
            column.append(received + attributes.dropped());
        } else {
            column.appendNull();
        }
    }
}
