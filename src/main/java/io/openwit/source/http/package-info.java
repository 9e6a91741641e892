/// The OTLP/HTTP door: bodies as raw bytes to the gateway, outcomes as HTTP answers.
@NullMarked
package io.openwit.source.http;

import org.jspecify.annotations.NullMarked;
