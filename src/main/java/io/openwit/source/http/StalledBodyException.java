package io.openwit.source.http;

import java.io.IOException;

/// A body did not arrive in time.
final class StalledBodyException extends IOException {
    private static final long serialVersionUID = 1;

    StalledBodyException() {
        super("the body did not arrive in time");
    }
}
