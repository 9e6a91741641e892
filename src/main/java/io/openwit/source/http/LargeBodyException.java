package io.openwit.source.http;

import java.io.IOException;

/// A body is over the limit, as it arrives or after decompression; no more of it is read.
final class LargeBodyException extends IOException {
    private static final long serialVersionUID = 1;

    LargeBodyException() {
        super("the body is over the limit");
    }
}
