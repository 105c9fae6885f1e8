//! Rules about count, for_each and enabled.

terrane_lang::rules! {
    /// Incorrect value type.
    T2001 error COUNT_TYPE = "Incorrect value type";

    /// Invalid for_each set argument.
    T2002 error FOR_EACH_NULL_ELEMENT = "Invalid for_each set argument";

    /// Invalid for_each set argument.
    T2003 error FOR_EACH_SET_TYPE = "Invalid for_each set argument";

    /// Invalid count argument.
    T2004 error EPHEMERAL_COUNT = "Invalid count argument";

    /// Invalid count argument.
    T2005 error NULL_COUNT = "Invalid count argument";

    /// Invalid count argument.
    T2006 error UNKNOWN_COUNT = "Invalid count argument";

    /// Invalid count argument.
    T2007 error NEGATIVE_COUNT = "Invalid count argument";

    /// Invalid count argument.
    T2008 error COUNT_TOO_LARGE = "Invalid count argument";

    /// Invalid count argument.
    T2009 error FRACTIONAL_COUNT = "Invalid count argument";

    /// Invalid for_each argument.
    T2010 error SENSITIVE_FOR_EACH = "Invalid for_each argument";

    /// Invalid for_each argument.
    T2011 error EPHEMERAL_FOR_EACH = "Invalid for_each argument";

    /// Invalid for_each argument.
    T2012 error FOR_EACH_TYPE = "Invalid for_each argument";

    /// Invalid for_each argument.
    T2013 error UNKNOWN_FOR_EACH = "Invalid for_each argument";

    /// Invalid for_each argument.
    T2014 error NULL_FOR_EACH = "Invalid for_each argument";

    /// Invalid enabled argument.
    T2015 error SENSITIVE_ENABLED = "Invalid enabled argument";

    /// Invalid enabled argument.
    T2016 error ENABLED_TYPE = "Invalid enabled argument";

    /// Invalid enabled argument.
    T2017 error NULL_ENABLED = "Invalid enabled argument";

    /// Invalid enabled argument.
    T2018 error UNKNOWN_ENABLED = "Invalid enabled argument";
}
