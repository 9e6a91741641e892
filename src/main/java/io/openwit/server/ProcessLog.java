package io.openwit.server;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// The log of this process: one line a record on standard error, `2026-11-24T14:00:00.123Z INFO wal.Log segment closed:
/// …`.
final class ProcessLog {
    /// Held here, as the manager forgets loggers, and their levels with them, that nobody holds.
    private static final Logger OURS = Logger.getLogger("io.openwit");

    private ProcessLog() {}

    /// Writes records from now on.
    ///
    /// @param level the least of our own records that is written; of libraries, warnings are
    static void begin(Level level) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        Handler handler = new ConsoleHandler();
        handler.setFormatter(new Line());
        handler.setLevel(level);
        root.addHandler(handler);
        root.setLevel(Level.WARNING);
        OURS.setLevel(level);
    }

    /// Keeps its handlers to the end: the JDK's own manager drops them as soon as the process is asked to end, and with
    /// them every line of the orderly stop.
    public static final class Manager extends LogManager {
        @Override
        public void reset() {
            // The JDK calls it when the process begins to end: the stop still has something to say.
        }
    }

    /// One record, one line; a stack trace below it where there is one.
    static final class Line extends Formatter {
        private static final DateTimeFormatter TIME =
                DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

        @Override
        public String format(LogRecord record) {
            StringBuilder line = new StringBuilder(160);
            TIME.formatTo(Instant.ofEpochMilli(record.getMillis()), line);
            line.append(' ').append(record.getLevel().getName()).append(' ');
            line.append(shortName(String.valueOf(record.getLoggerName()))).append(' ');
            line.append(message(record).replaceAll("[\\r\\n]+", " ")).append('\n');
            Throwable thrown = record.getThrown();
            if (thrown != null) {
                StringWriter trace = new StringWriter();
                thrown.printStackTrace(new PrintWriter(trace, true));
                line.append(trace);
            }
            return line.toString();
        }

        /// Numbers as they are: the JDK's own formatter would put commas into `bytes=4096`.
        private static String message(LogRecord record) {
            String message = String.valueOf(record.getMessage());
            Object[] parameters = record.getParameters();
            if (parameters != null) {
                for (int i = 0; i < parameters.length; i++) {
                    message = message.replace("{" + i + "}", String.valueOf(parameters[i]));
                }
            }
            return message;
        }

        /// Without our base package; others by their last two parts.
        private static String shortName(String name) {
            if (name.startsWith("io.openwit.")) {
                return name.substring("io.openwit.".length());
            }
            int last = name.lastIndexOf('.');
            return name.substring(name.lastIndexOf('.', last - 1) + 1);
        }
    }
}
