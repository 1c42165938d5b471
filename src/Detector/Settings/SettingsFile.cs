namespace FederationNode.Detector.Settings;

/// <summary>Reads files that people write.</summary>
internal static class SettingsFile
{
    /// <summary>Reads a file whole.</summary>
    /// <param name="file">The file.</param>
    /// <param name="maxBytes">The longest that it may be, in bytes.</param>
    /// <exception cref="SettingsException">It is not there, too long, or cannot be read.</exception>
    public static byte[] ReadUpTo(string file, int maxBytes)
    {
        try
        {
            using var stream = new FileStream(
                file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > maxBytes)
            {
                throw new SettingsException(
                    $"{file} has {stream.Length} bytes, and at most {maxBytes} are read: this is another file.");
            }

            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file} cannot be read: {e.Message}", e);
        }
    }
}
