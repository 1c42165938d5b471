using System.Text.Json;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Api.Checking;

/// <summary>Writes verdicts: what the serializer would write of the same records, without asking their shapes each time.</summary>
internal static class CheckWriter
{
    private static readonly JsonEncodedText s_items = JsonEncodedText.Encode("items");
    private static readonly JsonEncodedText s_id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText s_line = JsonEncodedText.Encode("line");
    private static readonly JsonEncodedText s_error = JsonEncodedText.Encode("error");
    private static readonly JsonEncodedText s_verdict = JsonEncodedText.Encode("verdict");
    private static readonly JsonEncodedText s_matches = JsonEncodedText.Encode("matches");
    private static readonly JsonEncodedText s_indicatorId = JsonEncodedText.Encode("indicatorId");
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("kind");
    private static readonly JsonEncodedText s_category = JsonEncodedText.Encode("category");
    private static readonly JsonEncodedText s_reason = JsonEncodedText.Encode("reason");
    private static readonly JsonEncodedText s_listedBy = JsonEncodedText.Encode("listedBy");
    private static readonly JsonEncodedText s_member = JsonEncodedText.Encode("member");
    private static readonly JsonEncodedText s_since = JsonEncodedText.Encode("since");
    private static readonly JsonEncodedText s_disputedBy = JsonEncodedText.Encode("disputedBy");
    private static readonly JsonEncodedText s_confidence = JsonEncodedText.Encode("confidence");
    private static readonly JsonEncodedText s_start = JsonEncodedText.Encode("start");
    private static readonly JsonEncodedText s_length = JsonEncodedText.Encode("length");
    private static readonly JsonEncodedText s_distance = JsonEncodedText.Encode("distance");
    private static readonly JsonEncodedText s_evasions = JsonEncodedText.Encode("evasions");
    private static readonly JsonEncodedText s_listVersion = JsonEncodedText.Encode("listVersion");
    private static readonly JsonEncodedText s_listSize = JsonEncodedText.Encode("listSize");
    private static readonly JsonEncodedText s_ageSeconds = JsonEncodedText.Encode("ageSeconds");
    private static readonly JsonEncodedText s_stale = JsonEncodedText.Encode("stale");

    /// <summary>Begins a <see cref="CheckResponse"/>; its verdicts follow.</summary>
    public static void BeginResponse(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray(s_items);
    }

    /// <summary>Ends it.</summary>
    public static void EndResponse(Utf8JsonWriter json, in ListFacts list)
    {
        json.WriteEndArray();
        json.WriteString(s_listVersion, list.Version);
        json.WriteNumber(s_listSize, list.Size);
        WriteNumber(json, s_ageSeconds, list.AgeSeconds);
        json.WriteBoolean(s_stale, list.Stale);
        json.WriteEndObject();
    }

    /// <summary>Writes a <see cref="CheckVerdict"/>.</summary>
    public static void WriteVerdict(Utf8JsonWriter json, CheckVerdict verdict)
    {
        json.WriteStartObject();
        WriteText(json, s_id, verdict.Id);
        json.WriteString(s_verdict, verdict.Verdict);
        WriteMatches(json, verdict.Matches);
        WriteText(json, s_reason, verdict.Reason);
        json.WriteEndObject();
    }

    /// <summary>Writes a <see cref="CheckLine"/> with a verdict.</summary>
    public static void WriteLine(Utf8JsonWriter json, long line, CheckVerdict verdict)
    {
        json.WriteStartObject();
        json.WriteNumber(s_line, line);
        WriteText(json, s_id, verdict.Id);
        json.WriteString(s_verdict, verdict.Verdict);
        WriteMatches(json, verdict.Matches);
        WriteText(json, s_reason, verdict.Reason);
        json.WriteNull(s_error);
        json.WriteEndObject();
    }

    private static void WriteMatches(Utf8JsonWriter json, IReadOnlyList<CheckMatch> matches)
    {
        json.WriteStartArray(s_matches);
        for (var i = 0; i < matches.Count; i++)
        {
            WriteMatch(json, matches[i]);
        }

        json.WriteEndArray();
    }

    private static void WriteMatch(Utf8JsonWriter json, CheckMatch match)
    {
        json.WriteStartObject();
        json.WriteString(s_indicatorId, match.IndicatorId);
        json.WriteString(s_kind, match.Kind);
        json.WriteString(s_category, match.Category);
        json.WriteString(s_verdict, match.Verdict);
        json.WriteString(s_reason, match.Reason);
        json.WriteStartArray(s_listedBy);
        foreach (var lister in match.ListedBy)
        {
            json.WriteStartObject();
            json.WriteString(s_member, lister.Member);
            json.WriteNumber(s_since, lister.Since);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray(s_disputedBy);
        foreach (var member in match.DisputedBy)
        {
            json.WriteStringValue(member);
        }

        json.WriteEndArray();
        json.WriteNumber(s_confidence, match.Confidence);
        WriteNumber(json, s_start, match.Start);
        WriteNumber(json, s_length, match.Length);
        WriteNumber(json, s_distance, match.Distance);
        WriteEvasions(json, match.Evasions);
        json.WriteEndObject();
    }

    private static void WriteEvasions(Utf8JsonWriter json, IReadOnlyList<string>? evasions)
    {
        if (evasions is null)
        {
            json.WriteNull(s_evasions);
            return;
        }

        json.WriteStartArray(s_evasions);
        foreach (var evasion in evasions)
        {
            json.WriteStringValue(evasion);
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, JsonEncodedText name, string? text)
    {
        if (text is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonEncodedText name, double? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonEncodedText name, int? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
