//! `validate_cookie`: a look at a pasted cookie before an account is made of it.

use pyo3::prelude::*;

use crate::arguments::text;
use crate::errors::to_python;

/// The names of what a logged-in page has and a pasted cookie has not, without asking the service. An empty list: nothing is missing,
/// which does not say that the login still holds.
///
/// ``cookie_value``: in any form that ``add_cookie`` takes. Does not block. Raises ``InvalidArgument`` where it cannot be used at all,
/// with what to do.
///
/// >>> import livekeeper
/// >>> print(*livekeeper.validate_cookie("unb=1; cookie2=a; t=b; cna=c"))
/// sgcookie _m_h5_tk _m_h5_tk_enc
#[pyfunction]
#[pyo3(signature = (cookie_value))]
pub(crate) fn validate_cookie(py: Python<'_>, cookie_value: &Bound<'_, PyAny>) -> PyResult<Vec<&'static str>> {
    let cookie_value = text(cookie_value, "cookie_value")?;
    livekeeper::validate_cookie(&cookie_value).map_err(|error| to_python(py, &error))
}
