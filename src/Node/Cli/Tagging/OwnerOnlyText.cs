using System.Text;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>Opens the files of a tagging. What goes into them is personal data: only the owner may read it.</summary>
internal static class OwnerOnlyText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>A file, written anew; without a path, standard output.</summary>
    /// <exception cref="NodeFolderException">It cannot be written.</exception>
    public static StreamWriter Create(string? path)
    {
        if (path is null)
        {
            return new StreamWriter(Console.OpenStandardOutput(), Utf8) { NewLine = "\n" };
        }

        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new StreamWriter(path, Utf8, options) { NewLine = "\n" };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{path} cannot be written: {e.Message}", e);
        }
    }
}
