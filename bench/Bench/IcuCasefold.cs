using System.Runtime.InteropServices;

namespace FederationNode.Bench;

/// <summary>NFKC case folding by ICU's C interface, what a user would put before a matcher; Debian 12 has version 72.</summary>
internal sealed unsafe partial class IcuCasefold
{
    private const string Library = "libicuuc.so.72";

    private readonly nint _normalizer;
    private char[] _buffer = new char[4096];

    private IcuCasefold(nint normalizer) => _normalizer = normalizer;

    /// <summary>Opens it, or returns null where the library is missing.</summary>
    public static IcuCasefold? Open()
    {
        try
        {
            var error = 0;
            return new IcuCasefold(GetInstance(ref error));
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The folded text, until the next call.</summary>
    public ReadOnlySpan<char> Fold(string text)
    {
        while (true)
        {
            var error = 0;
            fixed (char* from = text)
            fixed (char* to = _buffer)
            {
                var length = Normalize(_normalizer, from, text.Length, to, _buffer.Length, ref error);
                if (error <= 0)
                {
                    return _buffer.AsSpan(0, length);
                }

                _buffer = new char[length + 1];
            }
        }
    }

    [LibraryImport(Library, EntryPoint = "unorm2_getNFKCCasefoldInstance_72")]
    private static partial nint GetInstance(ref int error);

    [LibraryImport(Library, EntryPoint = "unorm2_normalize_72")]
    private static partial int Normalize(
        nint normalizer, char* source, int length, char* target, int capacity, ref int error);
}
