package io.openwit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Alarms;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A tokens file, read again when it changes. A file that broke leaves the tokens in force that were read before it,
/// and raises the alarm `tokens-file`.
///
/// [#find] is thread-safe; the two methods of [Stepper] belong to one thread.
public final class TokenFile implements Tokens, Stepper {
    public static final String ALARM = "tokens-file";

    /// How often the file's time and size are looked at.
    public static final long CHECK_NANOS = 1_000_000_000L;

    /// A larger file is refused.
    public static final long MAX_FILE_BYTES = 16L << 20;

    private static final Logger LOG = Logger.getLogger(TokenFile.class.getName());

    private final Path file;
    private final Parser parser;
    private final Clocks clocks;
    private final Alarms alarms;
    private final Bell bell = new Bell();
    private volatile TokenSet tokens;
    private @Nullable Stamp seen;
    private long checkedNanos;

    /// Reads the text of a tokens file; the form is known to whoever knows YAML.
    @FunctionalInterface
    public interface Parser {
        /// @throws TokensFileException with the line of the mistake
        TokenSet parse(String text) throws TokensFileException;
    }

    /// By what a change is noticed.
    private record Stamp(long modifiedNanos, long bytes, @Nullable Object key) {}

    /// @throws TokensFileException the file cannot be read, or holds a mistake
    public static TokenFile open(Path file, Parser parser, Clocks clocks, Alarms alarms) throws TokensFileException {
        Stamp stamp = stamp(file);
        return new TokenFile(file, parser, clocks, alarms, stamp, read(file, stamp, parser));
    }

    private TokenFile(Path file, Parser parser, Clocks clocks, Alarms alarms, Stamp seen, TokenSet tokens) {
        this.file = file;
        this.parser = parser;
        this.clocks = clocks;
        this.alarms = alarms;
        this.seen = seen;
        this.tokens = tokens;
        this.checkedNanos = clocks.monotonicNanos();
    }

    @Override
    public Optional<Token> find(String presented) {
        if (presented.length() > MAX_TOKEN_CHARS) {
            return Optional.empty();
        }
        Instant now = Instant.ofEpochSecond(0, clocks.wallNanos());
        return tokens.find(Token.digest(presented)).filter(token -> !token.expiredAt(now));
    }

    /// Looks at the file, once every [#CHECK_NANOS].
    @Override
    public boolean step() {
        long now = clocks.monotonicNanos();
        if (now - checkedNanos < CHECK_NANOS) {
            return false;
        }
        checkedNanos = now;
        try {
            Stamp stamp = stamp(file);
            if (stamp.equals(seen)) {
                return false;
            }
            tokens = read(file, stamp, parser);
            seen = stamp;
            alarms.clear(ALARM);
            LOG.log(Level.INFO, "tokens file read again: file={0} tokens={1}", new Object[] {
                file, tokens.tokens().size()
            });
            return true;
        } catch (TokensFileException e) {
            // Read again at the next look: a file that was away for a moment may come back as it was.
            seen = null;
            alarms.raise(ALARM, e.getMessage() + "; the tokens read before stay in force");
            return true;
        }
    }

    @Override
    public void awaitWork(long maxNanos) {
        bell.await(Math.min(maxNanos, CHECK_NANOS));
    }

    private static Stamp stamp(Path file) throws TokensFileException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            Instant modified = attributes.lastModifiedTime().toInstant();
            return new Stamp(
                    modified.getEpochSecond() * 1_000_000_000L + modified.getNano(),
                    attributes.size(),
                    attributes.fileKey());
        } catch (IOException e) {
            throw new TokensFileException("tokens file " + file + " cannot be read: " + e, e);
        }
    }

    private static TokenSet read(Path file, Stamp stamp, Parser parser) throws TokensFileException {
        if (stamp.bytes > MAX_FILE_BYTES) {
            throw new TokensFileException(
                    "tokens file " + file + " has " + stamp.bytes + " bytes, more than " + MAX_FILE_BYTES);
        }
        try {
            return parser.parse(Files.readString(file, UTF_8));
        } catch (TokensFileException e) {
            throw new TokensFileException("tokens file " + file + ": " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new TokensFileException("tokens file " + file + " is not UTF-8", e);
        } catch (IOException e) {
            throw new TokensFileException("tokens file " + file + " cannot be read: " + e, e);
        }
    }
}
