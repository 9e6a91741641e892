package io.openwit.ingest.archive;

import io.openwit.model.BatchId;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The name of a stream's file, by its first batch.
///
/// ```
/// n1-5e0f93aa-3-8192.arrows            as the day went
/// n1-5e0f93aa-3-8192.again-1.arrows    where that name was taken, after the archive had lost what it knew
/// n1-5e0f93aa-3-8192.merged-17.arrows  made of several, as the 17th file of its day
/// ```
///
/// @param merges the number behind `merged-`; -1 where there is none
record StreamName(String text, BatchId first, int merges) {
    /// Merged ones before the others, the last made first; then by their first batches.
    static final Comparator<StreamName> LARGEST_FIRST =
            Comparator.comparingInt((StreamName name) -> -name.merges).thenComparing(StreamName::first);

    private static final Pattern FORM =
            Pattern.compile("(.+-[0-9a-f]{8}-\\d+-\\d+)(?:\\.(again|merged)-(\\d{1,9}))?\\.arrows");

    static StreamName of(BatchId first) {
        return new StreamName(first + DayFiles.STREAM_SUFFIX, first, -1);
    }

    /// @param times how often the name was taken
    static StreamName again(BatchId first, int times) {
        return new StreamName(first + ".again-" + times + DayFiles.STREAM_SUFFIX, first, -1);
    }

    /// @param file its number in its day
    static StreamName merged(BatchId first, int file) {
        return new StreamName(first + ".merged-" + file + DayFiles.STREAM_SUFFIX, first, file);
    }

    /// Null where no stream has such a name.
    static @Nullable StreamName parse(String text) {
        Matcher name = FORM.matcher(text);
        if (!name.matches()) {
            return null;
        }
        try {
            int merges = "merged".equals(name.group(2)) ? Integer.parseInt(name.group(3)) : -1;
            return new StreamName(text, BatchId.parse(name.group(1)), merges);
        } catch (IllegalArgumentException _) {
            return null; // numbers beyond what an id has
        }
    }

    boolean merged() {
        return merges >= 0;
    }
}
