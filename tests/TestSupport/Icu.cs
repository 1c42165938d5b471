using System.Runtime.InteropServices;
using Xunit;

namespace FederationNode.TestSupport;

/// <summary>Whether programs can use cultures here: on Linux they need the library ICU.</summary>
public static class Icu
{
    /// <summary>Why the tests with cultures cannot run here; null when they can, and always null in CI.</summary>
    public static string? SkipReason { get; } = FindSkipReason();

    private static string? FindSkipReason()
    {
        if (Environment.GetEnvironmentVariable("CI") is "true" || !OperatingSystem.IsLinux())
        {
            return null;
        }

        // The library's name ends with its version, and .NET takes any of these.
        foreach (var version in Enumerable.Range(50, 100))
        {
            if (NativeLibrary.TryLoad($"libicuuc.so.{version}", out var library))
            {
                NativeLibrary.Free(library);
                return null;
            }
        }

        return "ICU is not installed (Debian: apt-get install libicu72).";
    }
}

/// <summary>A test with cultures: skipped, with the reason, where ICU is missing, but never in CI.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IcuFactAttribute : FactAttribute
{
    public IcuFactAttribute() => Skip = Icu.SkipReason;
}
