using System.Globalization;
using FederationNode.Contracts;

namespace FederationNode.Node.Api.Problems;

/// <summary>Reads query parameters strictly: what is misspelt must not silently mean "everything".</summary>
internal static class QueryReader
{
    public const int DefaultPage = 100;

    /// <summary>What is wrong with the names of the parameters, or null.</summary>
    public static ProblemResult? FirstFault(HttpRequest request, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in request.Query)
        {
            if (!known.Contains(name))
            {
                return Fault.Invalid.Because(
                    known.IsEmpty ? "This route takes no query parameters."
                    : $"A query parameter is not known here: this route takes {string.Join(", ", known!)}.");
            }

            if (values.Count != 1)
            {
                return Fault.Invalid.Because($"The query parameter {name} is given more than once.");
            }
        }

        return null;
    }

    /// <summary>The number of rows wanted, or false.</summary>
    public static bool TryReadLimit(string? text, out int limit)
    {
        limit = DefaultPage;
        return string.IsNullOrEmpty(text)
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit)
                && limit is >= 1 and <= Limits.MaxPage);
    }

    public static ProblemResult BadLimit() => Fault.Invalid.Because($"limit is a number from 1 to {Limits.MaxPage}.");
}
