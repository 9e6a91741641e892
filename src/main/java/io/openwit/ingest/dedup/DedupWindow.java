package io.openwit.ingest.dedup;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The 128-bit fingerprints that a log has seen within a time, the log's own age being the clock.
///
/// Entries are tentative from [#add] until [#publish], so that those of a write that failed can be withdrawn. When the window
/// is full, the oldest leave early, which is counted. The memory is off the heap and grows with the number of entries.
/// Owned by one thread.
///
/// Design note: a ring holds the entries in the order in which they came; an open-addressed table points into it. A slot
/// holds 32 bits of the entry's hash, and below them its ring index plus one (0 is free). So a probe for something new, and a
/// removal, touch one cache line of the table and of the ring only its ends. Removal shifts back what was displaced
/// (Knuth, Algorithm 6.4R), so there are no tombstones. An entry that is too old does not match; it leaves
/// in small portions, so that no call takes long after a pause.
public final class DedupWindow implements AutoCloseable {
    /// The entries that a window can be configured to hold.
    public static final int MAX_ENTRIES = 1 << 28;

    /// All of memory: accesses through a segment in a static final field cost what they cost with Unsafe. Every address is one
    /// that this class has allocated, plus an index that is masked.
    @SuppressWarnings("restricted")
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final int FIRST_CAPACITY = 1 << 10;
    private static final int FINGERPRINT_BYTES = 16;
    private static final int EXPIRED_PER_CALL = 4096;
    private static final int EXPIRED_PER_ADD = 2;

    /// Ages are kept as ints, in units of 16.8 ms; differences are right over 208 days.
    private static final int UNIT_SHIFT = 24;

    private static final int FORGET_ALL_UNITS = 1 << 30;

    private final int maxEntries;
    private final int windowUnits;

    private Arena arena;
    private int capacity;
    private int homeShift;
    private int tableMask;
    private long fingerprints;
    private long ages;
    private long table;

    /// Count of all entries that ever came, and of all that ever left.
    private long tail;

    private long head;

    private long nowUnits;
    private int tentative;
    private long evictedEarly;

    /// @param maxEntries 1 to [#MAX_ENTRIES]
    /// @param windowNanos of the log's age, for which an entry matches; up to 16.8 ms longer
    public DedupWindow(int maxEntries, long windowNanos) {
        if (maxEntries < 1 || maxEntries > MAX_ENTRIES) {
            throw new IllegalArgumentException("a window has 1 to " + MAX_ENTRIES + " entries: " + maxEntries);
        }
        if (windowNanos < 0 || windowNanos >> UNIT_SHIFT >= FORGET_ALL_UNITS) {
            throw new IllegalArgumentException("window is out of bounds: " + windowNanos + " ns");
        }
        this.maxEntries = maxEntries;
        windowUnits = (int) (windowNanos >> UNIT_SHIFT) + 1;
        allocate(FIRST_CAPACITY);
    }

    @SuppressWarnings("MustBeClosedChecker") // closed by close, and when the window grows
    private void allocate(int newCapacity) {
        capacity = newCapacity;
        int slots = newCapacity * 2;
        tableMask = slots - 1;
        homeShift = Integer.SIZE - Integer.numberOfTrailingZeros(slots);
        arena = Arena.ofShared();
        fingerprints = arena.allocate((long) newCapacity * FINGERPRINT_BYTES, 64).address();
        ages = arena.allocate((long) newCapacity * Integer.BYTES, 64).address();
        table = arena.allocate((long) slots * Long.BYTES, 64).address();
    }

    /// Bytes that a window of so many entries takes when it is full.
    public static long bytes(int maxEntries) {
        long capacity = Math.max(FIRST_CAPACITY, Integer.highestOneBit(Math.max(1, maxEntries - 1)) * 2L);
        return capacity * (FINGERPRINT_BYTES + Integer.BYTES + 2 * Long.BYTES);
    }

    /// Moves the clock on, to the age of the group that is judged next. Never goes back.
    public void moveTo(long logAgeNanos) {
        long units = logAgeNanos >> UNIT_SHIFT;
        if (units - nowUnits >= FORGET_ALL_UNITS) {
            while (head < tail) {
                removeOldest();
            }
        }
        nowUnits = Math.max(nowUnits, units);
        for (int i = 0; i < EXPIRED_PER_CALL && head < tail && expired((int) head & capacity - 1); i++) {
            removeOldest();
        }
    }

    /// Brings the place of a fingerprint near; returns a meaningless number to be used somehow. Called for a run of rows before
    /// they are judged, so that their cache misses overlap.
    public int touch(long high, long low) {
        return (int) slotAt(home(hash(high, low)));
    }

    /// The same for those that may have to leave for so many new ones.
    public int touchOldest(int count) {
        int touched = 0;
        long until = Math.min(tail, head + count);
        for (long at = head; at < until; at++) {
            touched += (int) slotAt(home(hashAt((int) at & capacity - 1)));
        }
        return touched;
    }

    public boolean contains(long high, long low) {
        int slot = find(hash(high, low), high, low);
        return slot >= 0 && !expired(indexIn(slotAt(slot)));
    }

    /// Adds the fingerprint, tentatively, unless the window has it.
    ///
    /// @return whether it is new
    public boolean add(long high, long low) {
        int hash = hash(high, low);
        int slot = find(hash, high, low);
        if (slot >= 0 && !expired(indexIn(slotAt(slot)))) {
            return false;
        }
        for (int i = 0; i < EXPIRED_PER_ADD && head < tail && expired((int) head & capacity - 1); i++) {
            removeOldest();
        }
        if (tail - head >= maxEntries) {
            if (!expired((int) head & capacity - 1)) {
                evictedEarly++;
            }
            removeOldest();
        } else if (tail - head == capacity) {
            grow();
        }
        int index = (int) tail & capacity - 1;
        MEMORY.set(JAVA_LONG_UNALIGNED, fingerprints + (long) index * FINGERPRINT_BYTES, high);
        MEMORY.set(JAVA_LONG_UNALIGNED, fingerprints + (long) index * FINGERPRINT_BYTES + 8, low);
        MEMORY.set(JAVA_INT_UNALIGNED, ages + (long) index * Integer.BYTES, (int) nowUnits);
        tail++;
        tentative++;
        // Looked for again: what left above may have moved it, or freed a place nearer by. An entry that is too old to match,
        // and still there, gives its slot to this one.
        put(find(hash, high, low), hash, index);
        return true;
    }

    private void put(int known, int hash, int index) {
        int slot = known;
        if (slot < 0) {
            slot = home(hash);
            while (slotAt(slot) != 0) {
                slot = slot + 1 & tableMask;
            }
        }
        setSlot(slot, valueOf(hash, index));
    }

    /// What was added since the last call stays.
    public void publish() {
        tentative = 0;
    }

    /// Takes back what was added since the last [#publish].
    public void withdraw() {
        long until = Math.max(head, tail - tentative);
        while (tail > until) {
            tail--;
            remove((int) tail & capacity - 1);
        }
        tentative = 0;
    }

    public int entries() {
        return (int) (tail - head);
    }

    /// Entries that left before their time because the window was full, ever.
    public long evictedEarly() {
        return evictedEarly;
    }

    /// Age of the oldest entry, in ns; 0 where there is none.
    public long oldestNanos() {
        if (head == tail) {
            return 0;
        }
        return (long) age((int) head & capacity - 1) << UNIT_SHIFT;
    }

    @Override
    public void close() {
        arena.close();
    }

    // --- the table

    /// 32 bits that depend on all 128.
    private static int hash(long high, long low) {
        return (int) ((low ^ Long.rotateLeft(high, 32)) * 0x9E3779B97F4A7C15L >>> 32);
    }

    /// The slot where an entry stands unless others were there before.
    private int home(int hash) {
        return hash >>> homeShift;
    }

    /// The slot of this fingerprint, or -1.
    private int find(int hash, long high, long low) {
        int slot = home(hash);
        while (true) {
            long value = slotAt(slot);
            if (value == 0) {
                return -1;
            }
            if (hashIn(value) == hash) {
                long at = fingerprints + (long) indexIn(value) * FINGERPRINT_BYTES;
                if (MEMORY.get(JAVA_LONG_UNALIGNED, at) == high && MEMORY.get(JAVA_LONG_UNALIGNED, at + 8) == low) {
                    return slot;
                }
            }
            slot = slot + 1 & tableMask;
        }
    }

    private void removeOldest() {
        remove((int) head & capacity - 1);
        head++;
        if (tail - head < tentative) {
            tentative = (int) (tail - head);
        }
    }

    /// Frees the slot that points to this entry; there is none where a younger entry has taken it over.
    private void remove(int index) {
        int hash = hashAt(index);
        long value = valueOf(hash, index);
        int free = home(hash);
        while (slotAt(free) != value) {
            if (slotAt(free) == 0) {
                return;
            }
            free = free + 1 & tableMask;
        }
        int slot = free;
        while (true) {
            slot = slot + 1 & tableMask;
            long next = slotAt(slot);
            if (next == 0) {
                setSlot(free, 0);
                return;
            }
            if ((slot - home(hashIn(next)) & tableMask) >= (slot - free & tableMask)) {
                setSlot(free, next);
                free = slot;
            }
        }
    }

    private void grow() {
        Arena oldArena = arena;
        long oldFingerprints = fingerprints;
        long oldAges = ages;
        int oldMask = capacity - 1;
        long oldTable = table;
        int oldSlots = tableMask + 1;
        allocate(capacity * 2);
        for (long at = head; at < tail; at++) {
            long from = at & oldMask;
            long to = at & capacity - 1;
            MemorySegment.copy(
                    MEMORY,
                    oldFingerprints + from * FINGERPRINT_BYTES,
                    MEMORY,
                    fingerprints + to * FINGERPRINT_BYTES,
                    FINGERPRINT_BYTES);
            MEMORY.set(
                    JAVA_INT_UNALIGNED,
                    ages + to * Integer.BYTES,
                    MEMORY.get(JAVA_INT_UNALIGNED, oldAges + from * Integer.BYTES));
        }
        // Slots and not entries are taken over: an old entry whose slot a younger one has taken stays without.
        for (int slot = 0; slot < oldSlots; slot++) {
            long value = MEMORY.get(JAVA_LONG_UNALIGNED, oldTable + (long) slot * Long.BYTES);
            if (value != 0) {
                long at = head + (indexIn(value) - head & oldMask);
                put(-1, hashIn(value), (int) at & capacity - 1);
            }
        }
        oldArena.close();
    }

    private boolean expired(int index) {
        return age(index) > windowUnits;
    }

    private int age(int index) {
        return (int) nowUnits - MEMORY.get(JAVA_INT_UNALIGNED, ages + (long) index * Integer.BYTES);
    }

    private int hashAt(int index) {
        long at = fingerprints + (long) index * FINGERPRINT_BYTES;
        return hash(MEMORY.get(JAVA_LONG_UNALIGNED, at), MEMORY.get(JAVA_LONG_UNALIGNED, at + 8));
    }

    private static long valueOf(int hash, int index) {
        return (long) hash << 32 | index + 1;
    }

    private static int hashIn(long value) {
        return (int) (value >>> 32);
    }

    private static int indexIn(long value) {
        return (int) value - 1;
    }

    private long slotAt(int slot) {
        return MEMORY.get(JAVA_LONG_UNALIGNED, table + (long) slot * Long.BYTES);
    }

    private void setSlot(int slot, long value) {
        MEMORY.set(JAVA_LONG_UNALIGNED, table + (long) slot * Long.BYTES, value);
    }
}
