/// What an operator sees over HTTP: metrics, health, and the JSON API. It knows no part of the pipeline, only what it
/// is handed.
@NullMarked
package io.openwit.console;

import org.jspecify.annotations.NullMarked;
