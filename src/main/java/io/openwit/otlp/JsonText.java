package io.openwit.otlp;

import io.openwit.columnar.LittleEndian;
import java.util.Arrays;

/// One JSON text, read strictly and token by token from an array that it borrows. Reused; not thread-safe.
///
/// Design note: not a reader of jackson-core. That one turns a string into chars, then into a `String`, which takes
/// five times a body's bytes beside the body, accepts overlong UTF-8 and lone surrogates, and keeps each name it has
/// met. Here a string's bytes are checked and copied once, and nothing is kept. Tests compare both over a corpus of
/// texts.
///
/// Source: RFC 8259.
final class JsonText {
    /// What [#next] says behind the last byte.
    static final int END = -1;

    /// Nesting of a value that nobody knows.
    static final int MAX_SKIPPED_DEPTH = 64;

    static final int MAX_NAME_BYTES = 1000;

    /// Names in one object that nobody knows; they are compared with one another.
    static final int MAX_UNKNOWN_NAMES = 1000;

    private static final long HASH_SEED = 0xcbf29ce484222325L;
    private static final long HASH_PRIME = 0x100000001b3L;

    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long SPACES = ' ' * ONES;
    private static final long QUOTES = '"' * ONES;
    private static final long BACKSLASHES = '\\' * ONES;

    private static final byte[] HEX_DIGITS = hexDigits();

    private byte[] bytes = {};
    private int start;
    private int at;
    private int end;

    /// The present name: of the text itself, or of [#escapedName] where it holds escapes.
    private byte[] nameBytes = {};
    private int nameFrom;
    private int nameLength;

    private final ByteSink escapedName = new ByteSink(2 * MAX_NAME_BYTES);

    /// Hashes of the unknown names of all open objects, a stack.
    private long[] unknownNames = new long[16];

    private int unknownCount;

    /// Begins a text; `json` is borrowed until the next call.
    void open(byte[] json, int offset, int length) {
        bytes = json;
        start = offset;
        at = offset;
        end = offset + length;
        unknownCount = 0;
    }

    /// Lets go of the borrowed array.
    void close() {
        bytes = new byte[0];
        nameBytes = bytes;
        at = 0;
        end = 0;
    }

    /// The byte that the next token begins with, or [#END]. Takes the white space before it and nothing else.
    int next() {
        if (at < end && bytes[at] > ' ') {
            return bytes[at];
        }
        return nextBehindSpace();
    }

    private int nextBehindSpace() {
        while (at < end) {
            byte b = bytes[at];
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return b & 0xFF;
            }
            at++;
        }
        return END;
    }

    /// Takes the next token if it is this one.
    boolean take(char token) {
        if (next() == token) {
            at++;
            return true;
        }
        return false;
    }

    void expect(char token) throws MalformedRequestException {
        if (!take(token)) {
            throw malformed("expected '" + token + "'");
        }
    }

    void expectEnd() throws MalformedRequestException {
        if (next() != END) {
            throw malformed("something stands behind the end");
        }
    }

    /// Takes `null` if it comes next.
    boolean takeNull() throws MalformedRequestException {
        if (next() != 'n') {
            return false;
        }
        literal("null");
        return true;
    }

    boolean bool() throws MalformedRequestException {
        if (next() == 't') {
            literal("true");
            return true;
        }
        if (next() == 'f') {
            literal("false");
            return false;
        }
        throw malformed("expected true or false");
    }

    private void literal(String word) throws MalformedRequestException {
        if (!takeWord(word)) {
            throw malformed("expected " + word);
        }
    }

    private boolean takeWord(String word) {
        if (end - at < word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if (bytes[at + i] != word.charAt(i)) {
                return false;
            }
        }
        at += word.length();
        return true;
    }

    // --- names ---

    /// Takes a member's name and the colon behind it if they stand there exactly so.
    ///
    /// @param words quote, name, quote and colon, eight bytes a word, zeros behind them
    boolean takeName(long[] words, int length) {
        next();
        int last = words.length - 1;
        if (at > end - 8 * words.length) {
            return false;
        }
        for (int i = 0; i < last; i++) {
            if (LittleEndian.getLong(bytes, at + 8 * i) != words[i]) {
                return false;
            }
        }
        long difference = LittleEndian.getLong(bytes, at + 8 * last) ^ words[last];
        if (difference << 8 * (8 * words.length - length) != 0) {
            return false;
        }
        at += length;
        return true;
    }

    /// Takes a member's name and the colon behind it; [#nameHead] and [#nameIs] tell what it is.
    void name() throws MalformedRequestException {
        expect('"');
        int from = at;
        int to = plainEnd(from);
        if (to == end) {
            throw malformed("a name has no end");
        }
        if (bytes[to] == '"') {
            setName(bytes, from, to - from);
            at = to + 1;
        } else {
            escapedName();
        }
        expect(':');
    }

    /// A name with escapes or with other letters than ASCII.
    private void escapedName() throws MalformedRequestException {
        escapedName.clear();
        restOfString(escapedName, MAX_NAME_BYTES);
        setName(escapedName.array(), 0, escapedName.length());
    }

    private void setName(byte[] in, int from, int length) throws MalformedRequestException {
        if (length > MAX_NAME_BYTES) {
            throw malformed("a name has more than " + MAX_NAME_BYTES + " bytes");
        }
        nameBytes = in;
        nameFrom = from;
        nameLength = length;
    }

    int nameLength() {
        return nameLength;
    }

    /// The first eight bytes of the present name, as [#head].
    long nameHead() {
        return head(nameBytes, nameFrom, nameLength);
    }

    /// The first eight of `length` bytes, the first one lowest; zeros where there are fewer.
    static long head(byte[] in, int from, int length) {
        if (from <= in.length - 8) {
            long word = LittleEndian.getLong(in, from);
            return length >= 8 ? word : word & (1L << 8 * length) - 1;
        }
        long word = 0;
        for (int i = Math.min(length, 8) - 1; i >= 0; i--) {
            word = word << 8 | in[from + i] & 0xFF;
        }
        return word;
    }

    /// Whether the present name is `name`, which has the same length and the same [#head].
    boolean nameEndsAs(byte[] name) {
        if (nameLength <= 8) {
            return true;
        }
        if (nameLength <= 16) {
            return LittleEndian.getLong(nameBytes, nameFrom + nameLength - 8)
                    == LittleEndian.getLong(name, nameLength - 8);
        }
        return Arrays.equals(name, 8, nameLength, nameBytes, nameFrom + 8, nameFrom + nameLength);
    }

    /// Where the unknown names of an object that begins here will stand; [#leaveObject] takes it back.
    int enterObject() {
        return unknownCount;
    }

    void leaveObject(int entered) {
        unknownCount = entered;
    }

    /// Notes the present name as one that its object, entered at `entered`, may not have again.
    void unknownName(int entered) throws MalformedRequestException {
        long hash = nameHash();
        // Equal hashes of different names would refuse a request in vain; in 64 bits only who wants that will see it.
        for (int i = entered; i < unknownCount; i++) {
            if (unknownNames[i] == hash) {
                throw malformed("an object has a name twice");
            }
        }
        if (unknownCount - entered == MAX_UNKNOWN_NAMES) {
            throw malformed("an object has more than " + MAX_UNKNOWN_NAMES + " unknown names");
        }
        if (unknownCount == unknownNames.length) {
            unknownNames = Arrays.copyOf(unknownNames, unknownCount * 2);
        }
        unknownNames[unknownCount++] = hash;
    }

    private long nameHash() {
        long hash = HASH_SEED;
        for (int i = nameFrom; i < nameFrom + nameLength; i++) {
            hash = (hash ^ nameBytes[i]) * HASH_PRIME;
        }
        return hash;
    }

    // --- strings ---

    /// Takes a string and appends what it says, in UTF-8.
    void string(ByteSink out) throws MalformedRequestException {
        expect('"');
        // Copied while it is scanned, as long as there is room: where most strings are short, a second loop costs as
        // much as the first.
        byte[] target = out.array();
        int from = at;
        int to = out.length();
        int last = Math.min(end - 8, from + target.length - ByteSink.SLACK_BYTES - 8 - to);
        int i = from;
        while (i <= last) {
            long word = LittleEndian.getLong(bytes, i);
            LittleEndian.putLong(target, to, word);
            long special = special(word);
            if (special != 0) {
                int plain = Long.numberOfTrailingZeros(special) >>> 3;
                i += plain;
                to += plain;
                break;
            }
            i += 8;
            to += 8;
        }
        out.written(to);
        at = i;
        if (i < end && bytes[i] == '"') {
            at = i + 1;
        } else {
            restOfString(out, Integer.MAX_VALUE);
        }
    }

    /// Takes a string from behind its quote on, whatever letters and escapes it has.
    private void restOfString(ByteSink out, int maxBytes) throws MalformedRequestException {
        int written = out.length();
        int run = at;
        while (true) {
            at = plainEnd(at);
            while (at < end && bytes[at] < 0) {
                at += utf8Length();
            }
            if (at == end) {
                throw malformed("a string has no end");
            }
            byte b = bytes[at];
            if (b >= ' ' && b != '"' && b != '\\') {
                continue;
            }
            if (out.length() - written + at - run > maxBytes) {
                throw malformed("a name has more than " + maxBytes + " bytes");
            }
            out.put(bytes, run, at - run);
            if (b == '"') {
                at++;
                return;
            }
            if (b != '\\') {
                throw malformed("a control character stands in a string");
            }
            escape(out);
            run = at;
        }
    }

    /// The first byte from `from` on that is not a plain letter of a string, or the end: a quote, a backslash, a control
    /// character, or a part of a longer letter.
    private int plainEnd(int from) {
        int i = from;
        for (; i <= end - 8; i += 8) {
            long word = LittleEndian.getLong(bytes, i);
            long special = special(word);
            if (special != 0) {
                return i + (Long.numberOfTrailingZeros(special) >>> 3);
            }
        }
        while (i < end && bytes[i] >= ' ' && bytes[i] != '"' && bytes[i] != '\\') {
            i++;
        }
        return i;
    }

    /// Of eight bytes, the first that is not a plain letter: its highest bit is the lowest that is set here. A borrow can
    /// set others, above it alone.
    ///
    /// Source: Hacker's Delight, "Find First 0-Byte".
    private static long special(long word) {
        long quotes = word ^ QUOTES;
        long backslashes = word ^ BACKSLASHES;
        return (quotes - ONES & ~quotes | backslashes - ONES & ~backslashes | word - SPACES & ~word | word) & HIGH_BITS;
    }

    /// The length of the well-formed UTF-8 sequence here. Source: Unicode, "Well-Formed UTF-8 Byte Sequences".
    private int utf8Length() throws MalformedRequestException {
        int first = bytes[at] & 0xFF;
        if (first >= 0xC2 && first <= 0xDF && continues(1, 0x80, 0xBF)) {
            return 2;
        }
        if (first >= 0xE0
                && first <= 0xEF
                && continues(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF)
                && continues(2, 0x80, 0xBF)) {
            return 3;
        }
        if (first >= 0xF0
                && first <= 0xF4
                && continues(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF)
                && continues(2, 0x80, 0xBF)
                && continues(3, 0x80, 0xBF)) {
            return 4;
        }
        throw malformed("a string is not UTF-8");
    }

    private boolean continues(int behind, int min, int max) {
        if (at + behind >= end) {
            return false;
        }
        int b = bytes[at + behind] & 0xFF;
        return b >= min && b <= max;
    }

    private void escape(ByteSink out) throws MalformedRequestException {
        if (at + 1 >= end) {
            throw malformed("a string has no end");
        }
        int letter = bytes[at + 1];
        at += 2;
        switch (letter) {
            case '"', '\\', '/' -> out.put(letter);
            case 'b' -> out.put('\b');
            case 'f' -> out.put('\f');
            case 'n' -> out.put('\n');
            case 'r' -> out.put('\r');
            case 't' -> out.put('\t');
            case 'u' -> codePoint(out);
            default -> throw malformed("a string has an unknown escape");
        }
    }

    private void codePoint(ByteSink out) throws MalformedRequestException {
        int c = fourHexDigits();
        if (c < 0x80) {
            out.put(c);
        } else if (c < 0x800) {
            out.put(0xC0 | c >> 6);
            out.put(0x80 | c & 0x3F);
        } else if (!Character.isSurrogate((char) c)) {
            out.put(0xE0 | c >> 12);
            out.put(0x80 | c >> 6 & 0x3F);
            out.put(0x80 | c & 0x3F);
        } else {
            int point = Character.toCodePoint((char) c, (char) lowSurrogateBehind(c));
            out.put(0xF0 | point >> 18);
            out.put(0x80 | point >> 12 & 0x3F);
            out.put(0x80 | point >> 6 & 0x3F);
            out.put(0x80 | point & 0x3F);
        }
    }

    private int lowSurrogateBehind(int high) throws MalformedRequestException {
        if (Character.isHighSurrogate((char) high) && at + 1 < end && bytes[at] == '\\' && bytes[at + 1] == 'u') {
            at += 2;
            int low = fourHexDigits();
            if (Character.isLowSurrogate((char) low)) {
                return low;
            }
        }
        throw malformed("a string has half of a surrogate pair");
    }

    private int fourHexDigits() throws MalformedRequestException {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < end ? hexDigit(bytes[at]) : -1;
            if (digit < 0) {
                throw malformed("a string has a bad \\u escape");
            }
            value = value << 4 | digit;
            at++;
        }
        return value;
    }

    /// 0 to 15, or -1; in either case of letters.
    static int hexDigit(byte b) {
        return HEX_DIGITS[b & 0xFF];
    }

    private static byte[] hexDigits() {
        byte[] digits = new byte[256];
        for (int i = 0; i < digits.length; i++) {
            digits[i] = (byte) (i < 128 ? Character.digit(i, 16) : -1);
        }
        return digits;
    }

    // --- numbers ---

    /// A whole number, written bare or as a string: 64 bits of it.
    ///
    /// @param scratch a string's content stands here for a moment
    /// @throws MalformedRequestException it is none, has a fraction, or does not fit
    long integer(boolean signed, ByteSink scratch) throws MalformedRequestException {
        try {
            if (next() == '"') {
                int to = JsonNumber.end(bytes, at + 1, end);
                if (to >= 0 && to < end && bytes[to] == '"') {
                    long value = JsonNumber.integer(bytes, at + 1, to, signed);
                    at = to + 1;
                    return value;
                }
            } else {
                int from = at;
                skipNumber();
                return JsonNumber.integer(bytes, from, at, signed);
            }
            int from = numberInString(scratch);
            long value = JsonNumber.integer(scratch.array(), from, scratch.length(), signed);
            scratch.truncate(from);
            return value;
        } catch (ArithmeticException e) {
            throw malformed("unfit number, " + e.getMessage());
        }
    }

    /// A number, written bare or as a string; the strings `NaN`, `Infinity` and `-Infinity` are numbers too.
    ///
    /// @param scratch a string's content stands here for a moment
    /// @throws MalformedRequestException it is none, or beyond the largest double
    double number(ByteSink scratch) throws MalformedRequestException {
        try {
            if (next() != '"') {
                int from = at;
                skipNumber();
                return JsonNumber.decimal(bytes, from, at);
            }
            // A number in a string may be written with escapes, so it is copied; only whole ones come so as a rule.
            if (takeWord("\"NaN\"")) {
                return Double.NaN;
            }
            if (takeWord("\"Infinity\"")) {
                return Double.POSITIVE_INFINITY;
            }
            if (takeWord("\"-Infinity\"")) {
                return Double.NEGATIVE_INFINITY;
            }
            int from = numberInString(scratch);
            double value = JsonNumber.decimal(scratch.array(), from, scratch.length());
            scratch.truncate(from);
            return value;
        } catch (ArithmeticException e) {
            throw malformed("unfit number, " + e.getMessage());
        }
    }

    /// Whether a bare number comes next that has neither a fraction nor an exponent.
    boolean wholeNext() {
        next();
        int i = at;
        while (i < end && (bytes[i] == '-' || bytes[i] >= '0' && bytes[i] <= '9')) {
            i++;
        }
        return i > at && (i == end || bytes[i] != '.' && bytes[i] != 'e' && bytes[i] != 'E');
    }

    private void skipNumber() throws MalformedRequestException {
        int numberEnd = JsonNumber.end(bytes, at, end);
        if (numberEnd < 0) {
            throw malformed("expected a number of at most " + JsonNumber.MAX_BYTES + " characters");
        }
        at = numberEnd;
    }

    /// Takes a string that holds a number and nothing else.
    ///
    /// @return where it begins in `scratch`; it ends with that
    private int numberInString(ByteSink scratch) throws MalformedRequestException {
        int from = scratch.length();
        string(scratch);
        if (JsonNumber.end(scratch.array(), from, scratch.length()) != scratch.length()) {
            throw malformed("a string is not a number of at most " + JsonNumber.MAX_BYTES + " characters");
        }
        return from;
    }

    // --- what nobody knows ---

    /// Takes a value of any kind, checking that it is one.
    ///
    /// @param scratch its strings stand here for a moment
    void skip(ByteSink scratch) throws MalformedRequestException {
        skip(scratch, 1);
    }

    private void skip(ByteSink scratch, int depth) throws MalformedRequestException {
        switch (next()) {
            case '{' -> skipObject(scratch, depth);
            case '[' -> skipArray(scratch, depth);
            case '"' -> {
                int from = scratch.length();
                string(scratch);
                scratch.truncate(from);
            }
            case 't', 'f' -> bool();
            case 'n' -> literal("null");
            default -> skipNumber();
        }
    }

    private void skipObject(ByteSink scratch, int depth) throws MalformedRequestException {
        checkDepth(depth);
        expect('{');
        if (take('}')) {
            return;
        }
        int entered = enterObject();
        do {
            name();
            unknownName(entered);
            skip(scratch, depth + 1);
        } while (take(','));
        leaveObject(entered);
        expect('}');
    }

    private void skipArray(ByteSink scratch, int depth) throws MalformedRequestException {
        checkDepth(depth);
        expect('[');
        if (take(']')) {
            return;
        }
        do {
            skip(scratch, depth + 1);
        } while (take(','));
        expect(']');
    }

    private void checkDepth(int depth) throws MalformedRequestException {
        if (depth > MAX_SKIPPED_DEPTH) {
            throw malformed("a value is nested deeper than " + MAX_SKIPPED_DEPTH);
        }
    }

    /// A complaint that says where.
    MalformedRequestException malformed(String what) {
        return new MalformedRequestException("malformed JSON at byte " + (at - start) + ": " + what);
    }
}
