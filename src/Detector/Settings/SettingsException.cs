namespace FederationNode.Detector.Settings;

/// <summary>A file that a person wrote cannot be used; the message names the file and says what to do.</summary>
internal class SettingsException(string message, Exception? inner = null) : Exception(message, inner);
